/**
 * Sentences of a turn, and what a doctor asks that can be answered with yes or no, as a statement of the same
 * length: 有没有胸痛？ becomes 胸痛, in its place. It says nothing before somebody has affirmed it.
 */
import { fold } from '../deidentify/fold';

export interface Sentence {
  /** Folded; its UTF-16 units are those of the turn from `from` on. */
  readonly text: string;
  readonly from: number;
}

/** What only asks is blank in its text. */
export interface Question extends Sentence {
  /** 有没有, 会不会: answered with 有, whatever else was asked behind it. */
  readonly asksForHaving: boolean;
}

/** A sentence with the question mark that ends it. */
const sentence = /[^。!?;\n\r]+\??/gu;
const asks = /[吗么?]|有没有|有无|是不是|是否|会不会|(.)[不没]\1|(?:没有?|不)\s*$/u;
const having = /有没有|有无|会不会|有.*[吗么?]|没有?\??\s*$/u;
/** What wants another answer, speaks of other people, or asks whether a sign has gone. */
const notOfSigns =
  /多久|几[天次个点年]|多少|什么时候|为什么|怎么(?!样?不)|家族|家里人?有|父母|直系|亲属|遗传|(?:记住|记得|知道|明白|了解|听懂|听说过?)了?[吗没]/u;
const gone =
  /^[^,、]{0,4}(?:缓解|好些|好点|好转|减轻|消失|停[了下止]|止住|退了|好了|没了|没有了|过去了)/u;
const asking = [
  // 出不出汗, 舒不舒服: the word comes again, whole.
  /([\u4e00-\u9fff])[不没](?=\1[汗血热烧服水气痰])/gu,
  /有没有|有无|是不是|是否|会不会/gu,
  /(?<=([\u4e00-\u9fff]))[不没]\1/gu,
  /(?:过|了)?(?:没有|没|不)?[吗么呢吧]?\?*\s*$/gu,
  /[吗么](?=[,、\s])/gu,
];
const place = /哪(?:里|儿|个地方|个部位|块)?[^,?]{0,3}(疼|痛|闷|难受|不舒服)/u;

/** With the question marks that end them. */
export function sentencesIn(turnText: string): Sentence[] {
  return [...fold(turnText).toLowerCase().matchAll(sentence)].map(({ 0: text, index: from }) => ({
    text,
    from,
  }));
}

export function asksSomething({ text }: Sentence): boolean {
  return asks.test(text);
}

/** @param turnText of a doctor's turn */
export function questionsIn(turnText: string): Question[] {
  return sentencesIn(turnText).flatMap(({ text: asked, from }) => {
    // 体温多少，有发热吗: the last clause says what is to be answered.
    const last = asked.slice(asked.lastIndexOf(',') + 1);
    if (!asks.test(asked) || notOfSigns.test(last) || place.test(asked)) return [];
    const text = asking.reduce(
      (rest, pattern) => rest.replace(pattern, (words) => ' '.repeat(words.length)),
      asked,
    );
    return [{ text, from, asksForHaving: having.test(asked) }];
  });
}

/** What is wrong somewhere, where a doctor asks where: 疼 of 哪里疼？ */
export function complaintAskedFor(text: string): string | undefined {
  return place.exec(fold(text).toLowerCase())?.[1];
}

/** Whether words of a question are asked to have gone: 胸痛缓解了吗？ */
export function isAskedToBeGone({ text }: Question, end: number): boolean {
  return gone.test(text.slice(end));
}
