/**
 * The chat template inside a model file (Jinja) as a prompt format of ours.
 *
 * It is run once, on conversations of made-up words, and what stands around these words is the format.
 * So no template runs when a prompt is made, and nothing that a person or a record says is ever seen by
 * one.
 */
import { chatFormatSchema, type ChatFormat, type Piece } from '../domain/contract/prompt-format';
import { templateProblem } from './template-fault';
import { renderTemplate } from './template-thread';
import { turnsOfTemplate, type TextTurns } from './template-turns';

export interface TemplateVocabulary {
  /** How every token is written that plain text must never become. */
  readonly special: readonly string[];
  /** How the token that begins a text is written, if the model has one. */
  readonly bos: string | null;
  readonly eos: string | null;
}

/** Characters. Longer ones exist for tools that this program does not have. */
const longestTemplate = 64 * 1024;

/**
 * @param template the Jinja source
 * @param timeLimitMs of the thread that renders it; defaults to a second
 * @throws AppError `TEMPLATE_UNUSABLE` (why)
 */
export async function formatOfTemplate(
  template: string,
  vocabulary: TemplateVocabulary,
  timeLimitMs?: number,
): Promise<ChatFormat> {
  if (template === '') throw templateProblem('absent');
  if (template.length > longestTemplate) throw templateProblem('too-long');
  const { bos, eos } = vocabulary;
  const turns = await turnsOfTemplate((conversations) =>
    renderTemplate({ template, conversations, bos: bos ?? '', eos: eos ?? '' }, timeLimitMs),
  );
  const format = chatFormatSchema.safeParse(formatOf(turns, vocabulary));
  // Pages of words of its own, in every prompt.
  if (!format.success) throw templateProblem('too-long');
  return format.data;
}

function formatOf(turns: TextTurns, vocabulary: TemplateVocabulary): ChatFormat {
  const { system, firstUser, toAnswer, toPastAnswer, toNextUser } = turns;
  const bos = vocabulary.bos ?? '';
  const begins = [firstUser, ...(system ? [system.before] : [])];
  const isBosFirst = bos !== '' && begins.every((text) => text.startsWith(bos));
  const split = splitter(vocabulary);
  const first = (text: string): Piece[] => split(isBosFirst ? text.slice(bos.length) : text);
  return {
    id: 'file-template',
    name: { 'zh-CN': '模型文件自带的格式', en: "The file's own template" },
    source: 'tokenizer.chat_template',
    bos: isBosFirst,
    turns: {
      system: system && { before: first(system.before), after: split(system.after) },
      firstUser: first(firstUser),
      toAnswer: split(toAnswer),
      ...(toPastAnswer === toAnswer ? {} : { toPastAnswer: split(toPastAnswer) }),
      toNextUser: split(toNextUser),
    },
  };
}

/** Takes a template's own words apart into control tokens, longest first, and text. */
function splitter({ special, bos, eos }: TemplateVocabulary): (text: string) => Piece[] {
  const names = [...new Set([...special, bos ?? '', eos ?? ''])].filter((name) => name !== '');
  names.sort((a, b) => b.length - a.length);
  const escaped = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const control = new RegExp(escaped.length === 0 ? '(?!)' : escaped.join('|'), 'gu');
  return (text) => {
    const pieces: Piece[] = [];
    let at = 0;
    for (const { 0: token, index } of text.matchAll(control)) {
      if (index > at) pieces.push({ text: text.slice(at, index) });
      pieces.push({ token });
      at = index + token.length;
    }
    if (at < text.length) pieces.push({ text: text.slice(at) });
    return pieces;
  };
}
