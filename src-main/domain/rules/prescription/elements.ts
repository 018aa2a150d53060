/** The parts of a medication order in a text: drug, dose, frequency, duration. */
import lexicon from '../../../../resources/lexicons/drugs.json' with { type: 'json' };
import { plainView } from './plain-view';

export type ElementKind = 'drug' | 'dose' | 'frequency' | 'duration';

export interface OrderElement {
  readonly kind: ElementKind;
  /** UTF-16 units, end exclusive. */
  readonly start: number;
  readonly end: number;
}

const alternatives = (words: readonly string[]): string =>
  [...words].sort((a, b) => b.length - a.length).join('|');

const number =
  '(?:\\d+(?:\\.\\d+)?|[一二两三四五六七八九十百壹贰叁肆伍陆柒捌玖拾半数几]{1,3})(?:\\s*/\\s*\\d)?(?:百|千|万)?';
const amount = `(?:${number}(?:\\s*(?:[-~～—–至到]|或)\\s*${number})?)`;
const doseUnit = alternatives([
  ...[
    'mg',
    'g',
    'ug',
    'μg',
    'µg',
    'mcg',
    'kg',
    'ml',
    'l',
    'iu',
    'u',
    'mmol',
    'meq',
    '毫克',
    '微克',
    '克',
  ],
  ...[
    '毫升',
    '升',
    '单位',
    '万单位',
    '国际单位',
    '片',
    '粒',
    '颗',
    '丸',
    '袋',
    '包',
    '支',
    '瓶',
    '盒',
    '滴',
    '喷',
  ],
  ...[
    '揿',
    '吸',
    '贴',
    '枚',
    '栓',
    '勺',
    '汤匙',
    '茶匙',
    '格',
    '板',
    'cc',
    '大片',
    '小片',
    '半片',
    '两',
    '剂',
    '个单位',
    'tablets?',
    'capsules?',
    'puffs?',
    'drops?',
  ],
]);
const times = '(?:次|回|遍|顿)';
const period = '(?:日|天|晚|早|夜|周|星期|月|小时|个小时|隔日|隔天|钟头)';

const patterns: readonly (readonly [ElementKind, RegExp])[] = [
  [
    'drug',
    new RegExp(
      `(?:${alternatives([...lexicon.names, ...lexicon.classes])})(?:${alternatives(lexicon.forms)}|片|丸|散|膏|液)?`,
      'gu',
    ),
  ],
  ['drug', new RegExp(`[\\u4e00-\\u9fff]{1,6}?(?:${alternatives(lexicon.endings)})`, 'gu')],
  ['drug', new RegExp(`[\\u4e00-\\u9fff]{2,8}?(?:${alternatives(lexicon.forms)})`, 'gu')],
  ['drug', new RegExp(`\\b(?:${lexicon.latin.join('|')})\\b`, 'giu')],
  [
    'dose',
    new RegExp(
      `(?:每次|一次|每回|首剂|首次|剂量|各|单次|日剂量|总量)?(?:服用|服|用|吃|口服)?\\s*${amount}\\s*(?:${doseUnit})(?:/(?:kg|公斤|次|日|天|d))*`,
      'giu',
    ),
  ],
  // 半片, 一片半: the number is in the unit.
  ['dose', /半(?:片|粒|袋|包|支|丸|枚|贴|颗|栓)|(?:适量|少许)(?=外用|涂|服)/gu],
  [
    'frequency',
    new RegExp(
      `(?:每|一|隔)\\s*(?:${number}\\s*)?(?:个)?${period}(?:\\s*(?:早|晚|早晚|早上|晚上|睡前))?\\s*(?:服|吃|用|口服|涂|喷|吸入|注射|打)?\\s*${amount}?\\s*${times}`,
      'gu',
    ),
  ],
  // 0.2*21: a dose and how many of it.
  ['dose', /\d+(?:\.\d+)?\s*(?:mg|g|ml)?\s*[x×*]\s*\d+/giu],
  ['dose', /(?<!(?:自行|擅自|不要|不能|不可|切勿|随意)[^。；;，,]{0,6})(?:加倍|减半|翻倍)/gu],
  [
    'frequency',
    new RegExp(
      `${amount}\\s*(?:个)?(?:小时|钟头)\\s*(?:[服吃用换]|口服)?\\s*(?:一次|1次|一换|一片|一粒)`,
      'gu',
    ),
  ],
  // 早一片晚一片, 1片 早晚, 三餐后各1粒.
  [
    'frequency',
    /[早中晚](?:上|晨|饭[前后]|餐[前后])?各?(?:[服吃用]|口服)?(?=[一两二三半\d]+\s*[片粒袋支丸包])/gu,
  ],
  ['frequency', /(?<=[片粒袋支丸包]\s*[,，]?\s*)(?:早晚|早中晚)/gu],
  ['frequency', /(?:每[日天])?三餐[前后](?:各|分别)?/gu],
  ['frequency', /隔[天日](?:[服吃用]|口服|[一1]次)/gu],
  ['duration', new RegExp(`停\\s*${amount}\\s*(?:个)?(?:天|日|周)`, 'gu')],
  ['frequency', new RegExp(`${amount}\\s*${times}\\s*/\\s*(?:日|天|d|day|周|晚)`, 'giu')],
  ['frequency', new RegExp(`日\\s*${amount}\\s*${times}|日服${amount}\\s*${times}`, 'gu')],
  [
    'frequency',
    new RegExp(`(?:每|隔)\\s*${amount}\\s*(?:个)?(?:小时|钟头|天|日|周)(?:一次|1次)?`, 'gu'),
  ],
  [
    'frequency',
    /(?:早晚|早中晚|早、中、晚|三餐|早上|中午|晚上)(?:饭后|饭前|餐后|餐前)?(?:各|分别)\s*(?:一|1|两|2|服|吃|用)?/gu,
  ],
  [
    'frequency',
    /每晚(?:睡前)?|每早|每天早上|每日早晨|每日清晨|睡前(?:服|口服|吃|一|1|用)|临睡前|晨起(?:空腹)?(?:服|口服|顿服)|隔日一次|隔天一次|必要时(?:服|口服|可?加|使用|用)|顿服/gu,
  ],
  // 白天一片: the time of day before the amount.
  [
    'frequency',
    /(?:白天|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|饭前|饭后|餐前|餐后|睡前|空腹|随餐)(?=(?:[服吃用加减]|口服|注射)?[一两二三半\d])/gu,
  ],
  [
    'frequency',
    new RegExp(
      `(?:每|一|隔)${period}(?:抹|擦|贴|滴|喷|含|泡|冲|喝|敷|洗|塞|灌)${amount}\\s*${times}|${amount}\\s*${times}?\\s*/\\s*(?:日|天)|(?:每日|每天|一天|日)${amount}剂`,
      'gu',
    ),
  ],
  [
    'frequency',
    /肌注|静滴|静推|静脉滴注|静脉注射|皮下注射|肌肉注射|外用|雾化吸入|舌下含服|纳肛|塞肛|顿服|嚼服/gu,
  ],
  [
    'frequency',
    /\b(?:once|twice|(?:one|two|three|four|\d) times?)(?: (?:a|per|every) day| daily| weekly)|\bevery (?:\d{1,2}|other)(?:-\d{1,2})? ?(?:hours?|h|days?|day)|\b(?:daily|nightly|at bedtime|as needed)\b/giu,
  ],
  [
    'duration',
    /(?:[x×*] ?|for )\d{1,3} ?(?:days?|weeks?|months?|d|w|天|日|周)|(?:连[服吃用]|再[服吃用])[一两二三四五六七八九十\d]{1,3}个?(?:天|日|周|月)/giu,
  ],
  [
    'frequency',
    /\b(?:qd|bid|tid|qid|qod|qn|qw|biw|hs|prn|q\s?\d{1,2}\s?h|qod|q\d{1,2}h|q\.d\.?|b\.i\.d\.?|t\.i\.d\.?|po|iv|im|sc|ivgtt)(?![a-z])/giu,
  ],
  [
    'duration',
    new RegExp(
      `(?:停用|停服|使用|服用|吃|用)[^。；;，,\\n]{1,12}?${amount}\\s*(?:个)?(?:天|日|周|星期|月)`,
      'gu',
    ),
  ],
  [
    'duration',
    new RegExp(`(?:总?共|至少|连续|坚持|持续)\\s*${amount}\\s*(?:个)?(?:天|日|周|星期|月)`, 'gu'),
  ],
  [
    'duration',
    new RegExp(
      `(?:连续?|共|坚持|至少|先)?(?:服用?|使?用|吃|口服|治疗|疗程为?|疗程|停用?|停药)(?:药)?\\s*(?:约|大约|至少|满)?${amount}\\s*(?:个)?(?:天|日|周|星期|月|疗程|年)`,
      'gu',
    ),
  ],
  [
    'duration',
    new RegExp(
      `${amount}\\s*(?:个)?(?:天|日|周|月)(?:为|是)?(?:一|1)个?疗程|疗程\\s*${amount}\\s*(?:个)?(?:天|日|周|月)`,
      'gu',
    ),
  ],
];

/** What is drunk and eaten, and how much of it: no drug, also a few words before the amount. */
const foods =
  /(?:饮水|喝水|温水|开水|白开水|水分|液体|尿量|牛奶|奶粉|配方奶|喂奶|奶量|奶|鱼|肉|辅食|豆腐|坚果|酒精|酸奶|豆浆|果汁|咖啡|茶|汤匙米粉|粥|食盐|食用油|盐|蛋白质|主食|米饭|蔬菜|水果|瘦肉|鸡蛋|酒精量|饮酒|啤酒|白酒|葡萄酒|热量)[^。；;\n]{0,10}$/u;
/** What is measured in a person: no drug, but only where the amount is its own (体重15公斤). */
const measured =
  /(?:体重|血糖|血压|尿酸|肌酐|血红蛋白|胆固醇|甘油三酯|白蛋白|蛋白尿|出血量?|失血量?|献血|抽血)(?:高|低|降|升|值|量|约|大约|大概|为|是|在|到|至|达|达到|控制|控制在|保持|维持|不超过|不低于|低于|高于|超过|少于|大于|小于|每天|每日|了|有|[:：<>≤≥=（(~ ])*$/u;
/** Forms that only drugs come in. */
const drugUnit = /(?:片|粒|袋|支|丸|贴|栓|喷|揿|吸|滴|剂)$/u;
/** A drink is more than this, in millilitres; a syrup is not. */
const leastDrink = 30;

/**
 * Every element, in the order of the text; of those that overlap, the one that begins first, then the
 * longer one.
 */
export function findElements(text: string): OrderElement[] {
  const found: OrderElement[] = [];
  const view = plainView(text);
  for (const [kind, pattern] of patterns) {
    for (const match of view.text.matchAll(pattern)) {
      const start = match.index;
      const end = start + match[0].length;
      if (end === start) continue;
      if (kind === 'dose' && isNoDose(view.text, start, end)) continue;
      found.push({ kind, ...view.original(start, end) });
    }
  }
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: OrderElement[] = [];
  for (const element of found) {
    const last = kept.at(-1);
    if (last && element.start < last.end) {
      // 每日 2 次 inside of a longer one says nothing new; a drug in 停用阿司匹林 7 天 does, another kind that
      // reaches further, and how long or often in what was taken for the name of a drug (先吃三天奥司他韦).
      const isWithin = last.kind === 'drug' && element.kind !== 'dose';
      const says =
        element.kind !== last.kind &&
        (element.kind === 'drug' || element.end > last.end || isWithin);
      if (!says) continue;
    }
    kept.push(element);
  }
  return kept;
}

function isNoDose(text: string, start: number, end: number): boolean {
  // A concentration, not an amount: 5.6 mmol/L, 120 g/L.
  if (/^\s*\/\s*(?:l|dl|ml|h|min|升|分)/iu.test(text.slice(end, end + 6))) return true;
  const words = text.slice(start, end);
  if (drugUnit.test(words) || /\/(?:kg|公斤)/iu.test(words)) return false;
  const before = text.slice(Math.max(0, start - 16), start);
  if (measured.test(before)) return true;
  const millilitres = /(\d+(?:\.\d+)?)\s*(?:ml|毫升)$/iu.exec(words)?.[1];
  if (millilitres !== undefined && Number(millilitres) < leastDrink) return false;
  return foods.test(before);
}
