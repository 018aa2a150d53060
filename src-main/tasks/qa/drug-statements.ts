/** Whether a sentence says what drug is or was given: by name, by how it is given, or by a dose with a frequency. */
import lexicon from '../../../resources/lexicons/drugs.json' with { type: 'json' };

const alternatives = (words: readonly string[]): string =>
  [...words]
    .sort((one, other) => other.length - one.length)
    .join('|')
    .toLowerCase();

const drug = new RegExp(
  `${alternatives([...lexicon.names, ...lexicon.classes, ...lexicon.endings])}|(?<![a-z])(?:${alternatives(lexicon.latin)})(?![a-z])`,
  'u',
);
const given =
  /(?:口服|服用|自服|静滴|静脉滴注|静脉推注|静推|肌注|皮下注射|泵入|雾化|吸入|外用|含服|溶栓)(?!禁忌|困难|时间窗)|停药|服药|用药[:为]|(?:未|否认)[^,。;]{0,6}用药/u;
const treated =
  /(?:予|给予|继续|行)[^,。;]{0,16}(?:抗感染|抗凝|抗血小板|抗病毒|抑酸|补钾|利尿|降压|降糖|化痰|平喘|镇痛|止痛|止血|调脂|化疗)|(?:抗血小板|抗凝|抗病毒)(?:至少|治疗)/u;
const dose = /\d\s*(?:mg|μg|µg|ug|mcg|g|iu|u|片|粒|袋|支|丸|喷|揿)(?![a-z/\d])/u;
const frequency =
  /每[\d一二两三]*个?[日天晚早周小]|[一\d]日[\d一二两三]次|次\/日|小时一次|(?<![a-z])(?:qd|bid|tid|qid|qn|qod)(?![a-z])/u;

/** Words of drugs and of giving that are about something else. */
const elsewhere = [
  /口服葡萄糖(?:耐量)?[^,。;]*|葡萄糖耐量试验/gu,
  /药物?(?:洗脱)?支架/gu,
  /对[^,。;]{1,16}(?:敏感|耐药)/gu,
  // What a test is of: 促甲状腺激素6.8.
  /[\u3400-\u9fff]{0,6}激素(?=[\s:]*\d|水平|结果|正常|测定)/gu,
  /(?:吸烟|抽烟|饮酒)[^。;]*|(?:饮水|鼻导管|吸氧|氧气吸入)[^,。;]*/gu,
  /(?:胰岛素|c肽)(?:抵抗|释放|水平|测定)/gu,
  /[\u3400-\u9fff]{2,6}血药浓度/gu,
];
const allergic = /过敏|皮试|药疹/u;
const isGiven = /口服|服用|静滴|注射|予|每[日天晚]|停用|改用|换用/u;

/** @param text folded, lower case */
export function statesDrug(text: string): boolean {
  const rest = elsewhere.reduce((left, pattern) => left.replace(pattern, ' '), text);
  // A drug to which somebody is allergic is not taken.
  if (allergic.test(rest) && !isGiven.test(rest)) return false;
  return (
    drug.test(rest) ||
    given.test(rest) ||
    treated.test(rest) ||
    (dose.test(rest) && frequency.test(rest))
  );
}
