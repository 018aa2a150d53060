/**
 * The chat template inside a model file (Jinja) as a prompt format of ours.
 *
 * It is run once, on conversations of made-up words, and what stands around these words is the format.
 * So no template runs when a prompt is made, and nothing that a person or a record says is ever seen by
 * one.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ChatFormat, Piece, Turns } from '../domain/contract/prompt-format';

export interface TemplateMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface TemplateJob {
  readonly template: string;
  readonly conversations: readonly (readonly TemplateMessage[])[];
  /** How the tokens that begin and end a text are written; empty where there are none. */
  readonly bos: string;
  readonly eos: string;
}
/** What each conversation became, null where the template refused it; null where it is no template. */
export type TemplateResult = readonly (string | null)[] | null;

/** Longer ones exist for tools that this program does not have. */
const longestTemplate = 64 * 1024;
const longestResult = 64 * 1024;
const timeLimitMs = 1_000;
const heapMiB = 64;

/** How control tokens are written: `<|im_start|>`, `<s>`, `[INST]`. */
const controlShape = /<\|?[\w\-.:/]+\|?>|\[\/?[A-Z][A-Z_]*\]/g;

export interface TemplateVocabulary {
  /** Whether a token of the model is written exactly like this. */
  has(text: string): boolean;
  /** How the token that begins a text is written, if the model has one. */
  readonly bos: string | null;
  readonly eos: string | null;
}

/**
 * The format, or null where the template cannot be used: it is too long, is no template, takes too long,
 * or does not leave what people say as it is, in its order.
 */
export async function formatOfTemplate(
  template: string,
  vocabulary: TemplateVocabulary,
): Promise<ChatFormat | null> {
  if (template === '' || template.length > longestTemplate) return null;
  const words = [saying('a'), saying('b')];
  const conversations = words.flatMap(({ system, first, answer, next }) => {
    const turns = [user(first), { role: 'assistant', content: answer } as const, user(next)];
    return [turns, [{ role: 'system', content: system } as const, ...turns]];
  });
  const { bos, eos } = vocabulary;
  const rendered = await run({ template, conversations, bos: bos ?? '', eos: eos ?? '' });
  if (!rendered) return null;
  const [plain, other] = words.map((said, i) =>
    turnsOf(rendered[2 * i] ?? null, rendered[2 * i + 1] ?? null, said),
  );
  // What stands around the words must not depend on them.
  if (!plain || JSON.stringify(plain) !== JSON.stringify(other)) return null;
  return formatOf(plain, vocabulary);
}

interface Words {
  readonly system: string;
  readonly first: string;
  readonly answer: string;
  readonly next: string;
}

/** No template changes plain letters; templates that trim or fold are found out by the second set. */
function saying(set: string): Words {
  const word = (name: string): string => `QZ${name}${set.repeat(3)}ZQ`;
  return { system: word('s'), first: word('f'), answer: word('r'), next: word('n') };
}

function user(content: string): TemplateMessage {
  return { role: 'user', content };
}

type TextTurns = {
  [K in keyof Turns]: K extends 'system' ? { before: string; after: string } | null : string;
};

function turnsOf(plain: string | null, withSystem: string | null, words: Words): TextTurns | null {
  if (plain === null) return null;
  const parts = between(plain, [words.first, words.answer, words.next]);
  if (!parts) return null;
  const [firstUser = '', toAnswer = '', toNextUser = '', last = ''] = parts;
  // An answer is begun at the end as it was in the middle.
  if (last !== toAnswer) return null;
  const system =
    withSystem === null
      ? null
      : between(withSystem, [words.system, words.first, words.answer, words.next]);
  const [before = '', after = '', ...rest] = system ?? [];
  const fits = rest.join('\u0000') === [toAnswer, toNextUser, last].join('\u0000');
  return {
    system: system && fits ? { before, after } : null,
    firstUser,
    toAnswer,
    toNextUser,
  };
}

/** What stands before, between and after the words; null unless each is there once, in this order. */
function between(text: string, words: readonly string[]): string[] | null {
  const parts: string[] = [];
  let at = 0;
  for (const word of words) {
    const found = text.indexOf(word, at);
    if (found < 0 || text.indexOf(word, found + 1) >= 0) return null;
    parts.push(text.slice(at, found));
    at = found + word.length;
  }
  return [...parts, text.slice(at)];
}

function formatOf(turns: TextTurns, vocabulary: TemplateVocabulary): ChatFormat {
  const { bos } = vocabulary;
  const begins = (text: string): boolean => bos !== null && bos !== '' && text.startsWith(bos);
  const pieces = (text: string): Piece[] => piecesOf(text, vocabulary);
  const first = (text: string): Piece[] => pieces(begins(text) ? text.slice(bos?.length) : text);
  return {
    id: 'file-template',
    name: { 'zh-CN': '模型文件自带的格式', en: "The file's own template" },
    source: 'tokenizer.chat_template',
    bos: begins(turns.firstUser),
    turns: {
      system: turns.system && {
        before: first(turns.system.before),
        after: pieces(turns.system.after),
      },
      firstUser: first(turns.firstUser),
      toAnswer: pieces(turns.toAnswer),
      toNextUser: pieces(turns.toNextUser),
    },
  };
}

function piecesOf(text: string, vocabulary: TemplateVocabulary): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { 0: token, index } of text.matchAll(controlShape)) {
    if (!vocabulary.has(token)) continue;
    if (index > at) pieces.push({ text: text.slice(at, index) });
    pieces.push({ token });
    at = index + token.length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}

/** Null where the thread did not answer in time, died, or answered with something else. */
function run(job: TemplateJob): Promise<TemplateResult> {
  return new Promise((resolve) => {
    const worker = startWorker(job);
    let timer: NodeJS.Timeout | undefined;
    const end = (result: TemplateResult): void => {
      clearTimeout(timer);
      resolve(result);
      void worker.terminate();
    };
    // Starting a thread takes its time; the limit is for the template.
    worker.once('online', () => {
      timer = setTimeout(() => end(null), timeLimitMs);
    });
    worker.once('message', (result: unknown) => end(isResult(result) ? result : null));
    worker.once('error', () => end(null));
    worker.once('exit', () => end(null));
  });
}

function isResult(result: unknown): result is TemplateResult {
  return (
    Array.isArray(result) &&
    result.every(
      (text) => text === null || (typeof text === 'string' && text.length <= longestResult),
    )
  );
}

function startWorker(job: TemplateJob): Worker {
  const options = {
    workerData: job,
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  };
  const built = join(import.meta.dirname, 'template-worker.js');
  if (existsSync(built)) return new Worker(built, options);
  // From source, in development: a thread knows TypeScript only when it is told.
  const source = pathToFileURL(join(import.meta.dirname, 'template-worker.ts')).href;
  const start = `import('tsx/esm/api').then((tsx) => { tsx.register(); return import('${source}'); })`;
  return new Worker(start, { ...options, eval: true });
}
