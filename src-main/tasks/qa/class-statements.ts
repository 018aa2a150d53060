/**
 * What sentences of a record state: that an operation was done, that a drug is taken. A word of the class is not
 * enough: 行头颅CT检查 is no operation, 口服葡萄糖耐量试验 no drug, 反跳痛阳性 no laboratory test, and what is only
 * planned has not been.
 */
import { isOfRelative } from '../../domain/rules/negation';
import { statesDrug } from './drug-statements';

export type StatementClass =
  | 'allergy'
  | 'medication'
  | 'operation'
  | 'laboratory'
  | 'imaging'
  | 'diagnosis'
  | 'history'
  | 'followUp'
  | 'complaint'
  | 'examination';

export interface PlacedSentence {
  /** Folded, lower case. */
  readonly text: string;
  /** Canonical name of its section. */
  readonly section: string | null;
}

type Sentences = readonly PlacedSentence[];

/** Sections of what is to be done. */
const plans = new Set(['诊疗计划', '出院医嘱', '医嘱', '处理', '随访', '注意事项', '会诊意见']);
const planned =
  /拟(?!诊)|若|如果|如有|必要时|择期|限期|择日|建议|评估|可行|准备行|等待|预约|计划|商议|讨论|风险|要求(?=行|剖|手术)|指征|禁忌|不同意|拒绝|转[^,。;]{0,8}科/u;

/** @returns places among the sentences, in their order */
export function statementsOf(kind: StatementClass, sentences: Sentences): readonly number[] {
  return finders[kind](sentences);
}

const finders: Readonly<Record<StatementClass, (sentences: Sentences) => number[]>> = {
  allergy: (all) => ofPatient(all, statesAllergy),
  medication: (all) =>
    ofPatient(all, ({ text, section }) => section === '用药史' || statesDrug(text)),
  operation: operations,
  laboratory: (all) => ofPatient(all, statesTest),
  imaging: (all) => {
    const isReport = all.some(({ text }) => imaging.test(text));
    return ofPatient(
      all,
      (one) =>
        statesImage(one) || (isReport && ['检查所见', '检查结论'].includes(one.section ?? '')),
    );
  },
  diagnosis: (all) => {
    const inSection = ofPatient(all, ({ section }) => diagnoses.has(section ?? ''));
    if (inSection.length > 0) return inSection;
    return ofPatient(all, ({ text, section }) => section !== '鉴别诊断' && diagnosed.test(text));
  },
  history: (all) => {
    const inSection = ofPatient(all, ({ section }) => section === '既往史');
    if (inSection.length > 0) return inSection;
    const past = new Set(ofPatient(all, ({ text }) => pastHistory.test(text)));
    // 既往房颤5年;高脂血症3年;吸烟30年。 is one enumeration.
    all.forEach(({ text }, at) => {
      if (at > 0 && past.has(at - 1) && all[at - 1]?.text.endsWith(';') && !isOfRelative(text))
        past.add(at);
    });
    return [...past].sort((one, other) => one - other);
  },
  followUp: (all) => ofPatient(all, statesFollowUp),
  complaint: (all) => {
    const inSection = places(all, ({ section }) => section === '主诉');
    return inSection.length > 0
      ? inSection
      : places(all, ({ text }) => admitted.test(text)).slice(0, 1);
  },
  examination: examinations,
};

/** Whether a question is about allergies, to whatever. @param question folded, lower case */
export function asksAllergy(question: string): boolean {
  return allergy.test(question);
}

function statesAllergy({ text, section }: PlacedSentence): boolean {
  return section === '过敏史' || allergy.test(text);
}
const allergy =
  /(?<!抗|脱)过敏(?!性(?:鼻炎|紫癜|哮喘|皮炎|结膜炎|咳嗽|肺炎|药))|皮试|变应原|药疹|药物性皮疹/u;

const operated = new RegExp(
  [
    // 切除术, 造瘘术; neither 手术, 技术 nor 术后, 术中.
    '(?<=[\\u3400-\\u9fff)])(?<![手技学艺战算美武于])术(?![前后中式者野区语程毕])',
    '(?:切除|根治|置换|成形|修补|吻合|固定|[植置]入|移植|取栓|取石|造口|造瘘|引流|减压|搭桥|旁路|消融|栓塞|结扎|支架)术后',
    '剖宫产|(?:子宫|卵巢|肺叶|胃|肝|脾|胆囊|阑尾|甲状腺|乳腺|前列腺)(?:次?全|大部|部分)?切(?!口|缘)|(?<!未)切除|开过?刀',
    '[植置]入[^,。;]{0,8}(?:支架|起搏器|假体|除颤器|瓣膜)|(?:支架|起搏器|假体|钢板)[植置]入|搭桥|碎石|内固定|移植|清宫|刮宫|人工流产',
    '取栓|取石|截肢|射频消融|介入(?:治疗|栓塞)|(?<![a-z])(?:pci|cabg|tips)(?![a-z])',
    '(?:行|曾|做过|接受|施行)[^,。;]{0,12}手术|手术(?:治疗|史)',
    '(?:无|否认|未)[^,。;]{0,10}手术',
    '^手术(?:日期|时间|名称|方式):',
  ].join('|'),
  'u',
);
const afterOperation = /(?:^|[,。;:\s])术后第?[\d一二三四五六七八九十]/u;

function operations(all: Sentences): number[] {
  const done = ofPatient(all, ({ text, section }) => {
    if (section === '手术外伤史') return true;
    return text.split(/[,。;]/u).some((clause) => operated.test(clause) && !planned.test(clause));
  });
  // An operation that is not named: 术后第1天.
  return done.length > 0
    ? done
    : ofPatient(all, ({ text }) => afterOperation.test(text)).slice(0, 1);
}

/** A value in a unit in which no vital sign is measured. */
const measured =
  /\d\s*[x×*]?\s*(?:10\^?\d{1,2}|10e\d)?\s*(?:[mμuµnp]?mol|[mμuµn]?g|[mμuµk]?i?u|pg|fl|mm)\s*\/\s*(?:d?l|ml|h|24h)|\d\s*[x×*]\s*10\^?\d|[↑↓]/u;
const testNames =
  /血红蛋白|糖化|中性粒|淋巴细胞|嗜酸|白细胞|红细胞|血小板|凝血|国际标准化比值|inr|隐血|尿蛋白|尿糖|酮体|抗体|抗原|培养|蛋白定量|crp|降钙素|肌钙蛋白|利钠肽|二聚体|ige|dna|核酸|链球菌|支原体|衣原体|血常规|尿常规|生化|肝功|肾功|电解质|转氨酶|胆红素|肌酐|尿素|尿酸|血脂|胆固醇|甘油三酯|血糖|血钾|血钠|血钙|白蛋白|血沉|淀粉酶|肿瘤标志物|癌胚抗原|甲胎蛋白|糖类抗原|甲状腺激素|筛查/u;
const outcome = /[+-]{1,4}|阳性|\d|升高|降低|增高|减低|偏高|偏低|减少|增多|异常/u;
/** Signs of an examination: 巴宾斯基征阳性. */
const physical = /(?:征|痛|音)[^,。;]{0,4}(?:阳性|阴性)|血氧饱和度|nihss|肌力/u;
const notTested =
  /输[^,。;]{0,4}(?:红细胞|血小板|血浆|白蛋白)|(?:血钾|肌酐|血糖|血红蛋白)[^,。;]{0,3}(?:大于|小于|高于|低于|超过)[^,。;]*时/u;

function statesTest({ text, section }: PlacedSentence): boolean {
  if (notTested.test(text)) return false;
  const clauses = text.split(/[,。;、]/u);
  return clauses.some((clause) => {
    if (measured.test(clause)) return !drugDose.test(clause);
    if (!testNames.test(clause) || physical.test(clause)) return false;
    // What is to be tested has no value yet, only a date.
    if (plans.has(section ?? '') || /复查|监测|完善|必要时/u.test(clause))
      return /阳性|升高|降低|\d(?:\.\d+)?(?:%|g\/)/u.test(clause);
    return outcome.test(clause.replace(/\d+[天日周月年]/gu, ''));
  });
}
const drugDose = /口服|静滴|注射|每[日天晚]|滴速|泵入/u;

const imaging =
  /(?<![a-z])(?:ct|cta|mri|mra|mr|dsa|pet|dr)(?![a-z])|磁共振|彩超|超声|b超|x线|胸片|(?<!地)平片|造影(?!剂)|胃镜|肠镜|内镜检查|支气管镜|心电图|钼靶|骨密度|血管成像|显像/u;
const imagingResult =
  /(?:ct|mri|mra|mr|dsa|成像|磁共振|彩超|超声|b超|x线片?|胸片|平片|造影|镜|心电图|钼靶|骨密度|心动图)[^,。;]{0,12}(?:示|提示|可?见|显示|:|未见|报告|增|减|抬高|压低|正常|异常)/u;
const ordered =
  /复查|完善|拟|建议|预约|定期|择期|必要时|每\d*个?[月周年]|[天日周月年]后|小时内|评估/u;

function statesImage({ text, section }: PlacedSentence): boolean {
  if (section === '影像检查') return true;
  if (!imaging.test(text)) return false;
  return imagingResult.test(text) || !(plans.has(section ?? '') || ordered.test(text));
}

const diagnoses = new Set(
  '初步诊断 入院诊断 门诊诊断 确定诊断 修正诊断 补充诊断 其他诊断 术前诊断 术后诊断 出院诊断 死亡诊断 临床诊断 诊断 检查结论'.split(
    ' ',
  ),
);
const diagnosed =
  /诊断(?:为|:|考虑)|确诊|印象:|考虑[^,。;]{0,12}(?:病|炎|癌|瘤|损伤|综合征|感染|梗死|出血|骨折|可能)|^分析:/u;

const pastHistory =
  /既往|(?<!现)病史(?!由|陈述|采集|可靠|叙述|摘要|:)|(?:否认|无)[^,。;]{1,20}史|史[\d一二三四五六七八九十]+[年月]/u;

const followedUp = /复诊|随访|随诊|复查|返院|门诊(?:拆线|换药|就诊)|拆线|就诊/u;
const later =
  /[\d一二两三四五六七八九十半][^,。;]{0,3}(?:天|日|周|星期|月|年)[^,。;]{0,3}(?:后|门诊|返|复|随)|每[\d一二两三半]*个?(?:天|日|周|星期|月|年)|后第?\d+(?:天|周|月)|定期|按时|明日|次日|及时|立即|随时|不适|如有|必要时|小时[^,。;]{0,2}复查|下周|下月|个月[^,。;]{0,10}复查/u;
/** 已复查, 拆线 that is done, a result, or how somebody came here: it is not to come. */
const alreadyDone =
  /已(?:拆线|复查)|(?:遂|为求|曾|今日?)[^,。;]{0,12}就诊|(?:今日|昨日|入院后|补钾后)[^,。;]{0,4}复查|复查[^,。;]{0,10}(?::|示|提示|\d+(?:\.\d+)?[a-zμ%])/u;

function statesFollowUp({ text, section }: PlacedSentence): boolean {
  if (section === '随访') return true;
  return text
    .split(/[。;]/u)
    .some((part) => followedUp.test(part) && later.test(part) && !alreadyDone.test(part));
}

/** 因“上腹痛2月”入院, where there is no 主诉. */
const admitted = /因.{2,60}(?:收?入[院我]|住院|来院|就诊|来诊|入住|急诊)/u;

function examinations(all: Sentences): number[] {
  const found: number[] = [];
  let isOpen = false;
  all.forEach((sentence, at) => {
    const isIn = ['体格检查', '专科检查', '生命体征'].includes(sentence.section ?? '');
    if (!isIn) isOpen = false;
    else if (all[at - 1]?.section !== sentence.section) isOpen = true;
    // The section's end where its next heading is none that is known: 血常规:…, 腹部超声:….
    else if (statesTest(sentence) || statesImage(sentence) || /^分析:/u.test(sentence.text))
      isOpen = false;
    if (isOpen) found.push(at);
  });
  return found;
}

function ofPatient(all: Sentences, states: (one: PlacedSentence) => boolean): number[] {
  return places(all, (one) => states(one) && one.section !== '家族史' && !isOfRelative(one.text));
}

function places(all: Sentences, states: (one: PlacedSentence) => boolean): number[] {
  return all.flatMap((one, at) => (states(one) ? [at] : []));
}
