/**
 * Draft replies to a patient: several at once, each without medication orders from the first character
 * that is shown. The signs of danger are not this file's: they are found before and without a model.
 */
import { AppError } from '../../domain/contract/errors';
import type {
  DraftCandidate,
  DraftEvent,
  DraftQuote,
  DraftRequest,
  DraftResult,
} from '../../domain/contract/dialogue';
import type { ModelCard } from '../../domain/contract/model-card';
import { guardsOf } from '../../domain/rules/dialogue/draft-guards';
import { OrderStream } from '../../domain/rules/prescription/order-stream';
import type { LanguageModel, Token } from '../../engine/language-model';
import { generate } from '../generation/generate';
import { defaultSampling } from '../generation/sampling';
import { stopsOf } from '../generation/stop-watcher';
import { conversationTokens } from '../prompt/conversation';
import { SentenceSearch } from '../qa/sentence-search';
import { sentencesOf, type Sentence } from '../qa/sentences';
import { UsageMeter } from '../usage-meter';
import { draftInstruction, draftTokens, exchangesOf } from './prompts';

export interface DraftContext {
  readonly model: LanguageModel;
  readonly card: ModelCard;
  readonly signal: AbortSignal;
  readonly meter?: UsageMeter;
  onEvent?(event: DraftEvent): void;
}

/** Share of the context that a record's excerpt may take. */
const excerptShare = 0.35;
/** Sentences of a record that an excerpt holds, at most. */
const excerptSentences = 24;
/** Characters in a row that a sentence of the draft shares with the record where it draws on it. */
const sharedRun = 5;
/** Sentences of the record that are compared with one of the draft. */
const compared = 5;

/**
 * @throws AppError `TASK_NOT_SUPPORTED` where the card does not name drafting; `NO_PATIENT_TURN`;
 *   `CONTEXT_EXCEEDED` where not even the last turn fits
 * @throws Cancelled; what was told by events until then stands
 */
export async function draftReplies(
  request: DraftRequest,
  context: DraftContext,
): Promise<DraftResult> {
  const { model, card, onEvent, meter = new UsageMeter() } = context;
  // One that fails ends the others too.
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const { turns } = card.promptFormat;
  if (!turns || !card.capabilities.tasks.includes('dialogue'))
    throw new AppError('TASK_NOT_SUPPORTED', { params: { model: card.name } });
  const lastPatient = request.turns.findLastIndex(({ role }) => role === 'patient');
  if (lastPatient < 0) throw new AppError('NO_PATIENT_TURN');
  const search = request.record ? searchOf(request.record.text) : null;
  const asked = request.turns.slice(0, lastPatient + 1);
  const excerpt = search ? excerptFor(search, request, model) : '';
  const budget = draftTokens[request.length];
  const { prompt, forgotten } = promptFor(request, asked, excerpt, { model, card, budget });
  onEvent?.({ kind: 'context', used: prompt.length, size: model.contextSize, forgotten });

  const seed = request.seed ?? defaultSampling.seed;
  const one = async (index: number): Promise<DraftCandidate> => {
    const priority = request.priority ?? 'interactive';
    const sequence = await model.openSequence(signal, { priority, meter });
    const orders = new OrderStream();
    let text = '';
    const show = (piece: string): void => {
      if (piece === '') return;
      text += piece;
      onEvent?.({ kind: 'text', candidate: index, text: piece });
    };
    try {
      const { ended } = await generate(model, sequence, prompt, {
        // The first one is the likeliest text, the others are other ones.
        sampling: { ...defaultSampling, temperature: index === 0 ? 0 : 0.8, seed: seed + index },
        maxTokens: budget,
        stops: stopsOf(turns.toNextUser),
        signal,
        onText: (piece) => show(orders.push(piece)),
      });
      show(orders.end());
      return {
        text,
        guards: guardsOf(text, { hasRecord: search !== null }),
        quotes: search ? quotesOf(text, search) : [],
        ended: ended === 'length' ? 'length' : 'end',
      };
    } finally {
      sequence.release();
    }
  };
  const works = Array.from({ length: request.candidates }, (_, index) => one(index));
  for (const work of works) work.catch(() => failed.abort());
  const candidates = await Promise.all(works);
  return {
    version: 1,
    state: 'machine-draft',
    candidates,
    model: { name: card.name, sha256: card.sha256 },
    usage: meter.usage,
  };
}

interface SearchedRecord {
  readonly text: string;
  readonly sentences: readonly Sentence[];
  readonly search: SentenceSearch;
}

function searchOf(text: string): SearchedRecord {
  const sentences = sentencesOf(text, []);
  return { text, sentences, search: new SentenceSearch(text, sentences) };
}

/** What of the record has to do with the patient's words, in the order of the text. */
function excerptFor(
  { text, sentences, search }: SearchedRecord,
  { turns }: DraftRequest,
  model: LanguageModel,
): string {
  const words = turns
    .filter(({ role }) => role === 'patient')
    .map((turn) => turn.text)
    .join('\n')
    .slice(-2000);
  const room = Math.floor(model.contextSize * excerptShare);
  const costOf = ({ start, end }: Sentence): number =>
    model.tokenize(text.slice(start, end), true).length + 1;
  const whole = sentences.reduce((sum, sentence) => sum + costOf(sentence), 0) <= room;
  let left = room;
  const kept = new Set<number>();
  const ranked = whole ? sentences.map((_, index) => ({ index })) : search.search(words);
  for (const { index } of ranked) {
    if (!whole && kept.size >= excerptSentences) break;
    const cost = costOf(sentences[index] as Sentence);
    if (cost > left) continue;
    left -= cost;
    kept.add(index);
  }
  return sentences
    .filter((_, index) => kept.has(index))
    .map(({ start, end }) => text.slice(start, end))
    .join('\n');
}

/** With as many of the turns as fit, from the newest back. */
function promptFor(
  request: DraftRequest,
  turns: DraftRequest['turns'],
  excerpt: string,
  { model, card, budget }: { model: LanguageModel; card: ModelCard; budget: number },
): { readonly prompt: Token[]; readonly forgotten: number } {
  const capacity = model.contextSize - 1 - budget;
  const system = draftInstruction(request, excerpt);
  let needed = 0;
  for (let from = 0; from < turns.length; from++) {
    const exchanges = exchangesOf(turns.slice(from));
    const prompt = conversationTokens(model, card.promptFormat, { system, exchanges });
    if (prompt.length <= capacity) return { prompt, forgotten: from };
    needed = prompt.length + budget;
  }
  throw new AppError('CONTEXT_EXCEEDED', { params: { needed, capacity: model.contextSize } });
}

/** Sentences of the draft that say something in the record's own words, with where it stands there. */
function quotesOf(draft: string, { text, search }: SearchedRecord): DraftQuote[] {
  return sentencesOf(draft, []).flatMap(({ start, end }) => {
    const said = draft.slice(start, end);
    let best: DraftQuote['quote'] | null = null;
    let longest = sharedRun - 1;
    for (const found of search.search(said).slice(0, compared)) {
      const quote = text.slice(found.start, found.end);
      const shared = longestShared(said, quote);
      if (shared <= longest) continue;
      longest = shared;
      best = { text: quote, start: found.start, end: found.end };
    }
    return best ? [{ start, end, quote: best }] : [];
  });
}

/** Length of the longest stretch that both hold, UTF-16 units. */
function longestShared(one: string, other: string): number {
  let longest = 0;
  let before = new Uint16Array(other.length + 1);
  for (let i = 0; i < one.length; i++) {
    const row = new Uint16Array(other.length + 1);
    for (let j = 0; j < other.length; j++) {
      if (one[i] === other[j]) {
        row[j + 1] = (before[j] as number) + 1;
        longest = Math.max(longest, row[j + 1] as number);
      }
    }
    before = row;
  }
  return longest;
}
