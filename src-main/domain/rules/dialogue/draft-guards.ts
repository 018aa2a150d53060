/**
 * What a machine's draft may not say by itself, by rules: they point, a doctor decides. They find what is
 * written in usual words and claim no more than that.
 */
import type { DraftGuard } from '../../contract/dialogue';
import { findIdentifiers } from '../deidentify/find-identifiers';
import { orderPlaceholder } from '../prescription/find-orders';

interface Rule {
  readonly kind: DraftGuard['kind'];
  readonly pattern: RegExp;
  /** What in the same sentence takes it back. */
  readonly unless?: RegExp;
}

const certainty: Rule = {
  kind: 'certain-diagnosis',
  pattern:
    /(?:可以|能够?|已经?|基本)?(?:确诊|明确诊断|诊断明确|[这您你]的?病?是典型的|[您你]的病是|[您你]就是|肯定是|一定是|就是|百分之百是|100%是|毫无疑问是|无疑是|确定是|诊断为|您得了|你得了|您患有|你患有|您患的是|你患的是)[^，。；！？\n]{0,24}?(?:病|症|炎|癌|瘤|感染|骨折|梗死|梗塞|心梗|脑梗|卒中|出血|综合征|综合症|增生|结石|溃疡|贫血|中毒|障碍|衰竭|损伤|过敏|疹|肿|疝|结核|肝硬化|哮喘|糖尿病|高血压|痛风|抑郁|癫痫|中风)/gu,
  unless:
    /不能确诊|无法确诊|不能明确|无法明确|是否|可能|需要|才能|不一定|不是|未必|如果|若|假如|排除|怀疑|考虑(?!到)|待查|确诊前|才可/u,
};

const rules: readonly Rule[] = [
  {
    kind: 'promise-of-cure',
    pattern:
      /(?:保证|包|肯定能?|一定能?|绝对能?|百分之百能?|100%能?|彻底|完全)(?:会|可以|能)?(?:治好|治愈|根治|痊愈|康复|除根|断根|好起来|恢复正常|治疗好)|(?:永不|不会再|绝不会?)复发|药到病除|(?:放心|肯定|一定|很快|几天|[一两三四五六七八九十\d]+(?:天|周|个?月))[^，。；！？\n]{0,6}?就?(?:能好|会好)|(?:放心|肯定|一定)[^。；！？\n]{0,6}会好(?:的|起来)|无(?:任何)?(?:副作用|毒副作用)|没有(?:任何)?(?:副作用|风险|危险)|百分之百安全|绝对安全/gu,
    unless: /不能保证|无法保证|不一定|不敢保证|难以|没有办法|不能|无法|不可能|并非|不代表/u,
  },
  {
    kind: 'no-need-to-see-doctor',
    pattern:
      /(?:没什么|没有?|并?无)大碍|别[再]?[去看](?:医院|医生|大夫)|(?:在家)?观察即可|(?:不用|不需要|无需|无须|不必|没必要|没有必要|用不着|不用再|不需要再)(?:去|到|再去|再到|来)?(?:医院|看医生|就医|就诊|看病|看急诊|面诊|急诊|去看|看大夫|检查|复查|做检查|住院)/gu,
    unless: /如果不用|不是不用|并不是不用|不代表|并不意味|不等于|切勿认为|不要认为/u,
  },
];

/**
 * @param text of a draft, its orders already replaced
 * @param hasRecord whether a record is linked that a diagnosis may be taken from
 */
export function guardsOf(
  text: string,
  { hasRecord }: { readonly hasRecord: boolean },
): DraftGuard[] {
  const guards: DraftGuard[] = [];
  for (let at = text.indexOf(orderPlaceholder); at >= 0;) {
    const end = at + orderPlaceholder.length;
    guards.push({ kind: 'medication-order', start: at, end });
    at = text.indexOf(orderPlaceholder, end);
  }
  for (const { kind, pattern, unless } of hasRecord ? rules : [certainty, ...rules]) {
    for (const match of text.matchAll(pattern)) {
      const end = match.index + match[0].length;
      if (unless?.test(sentenceAround(text, match.index, end))) continue;
      guards.push({ kind, start: match.index, end });
    }
  }
  for (const { kind, start, end } of findIdentifiers(text)) {
    // When to come again is what a reply is for.
    if (kind !== 'date' && kind !== 'institution')
      guards.push({ kind: 'personal-data', start, end });
  }
  return guards.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** The words of a placeholder, whatever was deleted around them. */
const openOrder = /【?用药请由医师(?:填写)?】?/gu;

/** Places that a doctor has not typed yet, also where a part of the placeholder is left. */
export function openOrdersIn(text: string): { readonly start: number; readonly end: number }[] {
  return [...text.matchAll(openOrder)].map(({ 0: words, index }) => ({
    start: index,
    end: index + words.length,
  }));
}

/** Whether it cannot be approved yet: a doctor has not typed what some placeholder stood for. */
export function hasOpenOrder(text: string): boolean {
  return openOrdersIn(text).length > 0;
}

function sentenceAround(text: string, start: number, end: number): string {
  const from = Math.max(...[...'。！？\n；'].map((mark) => text.lastIndexOf(mark, start - 1))) + 1;
  const ends = [...'。！？\n；'].map((mark) => text.indexOf(mark, end)).filter((at) => at >= 0);
  return text.slice(from, ends.length === 0 ? text.length : Math.min(...ends));
}
