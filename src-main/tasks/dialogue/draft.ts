/**
 * Draft replies to a patient: several at once, each without medication orders from the first character
 * that is shown. The signs of danger are not this file's: they are found before and without a model.
 */
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
import type { LanguageModel } from '../../engine/language-model';
import { generate } from '../generation/generate';
import { defaultSampling } from '../generation/sampling';
import { sentencesOf } from '../qa/sentences';
import { UsageMeter } from '../usage-meter';
import { planDraft } from './draft-plan';
import type { SearchedRecord } from './record-excerpt';

export interface DraftWork {
  readonly model: LanguageModel;
  readonly card: ModelCard;
  readonly signal: AbortSignal;
  readonly meter?: UsageMeter;
  onEvent?(event: DraftEvent): void;
}

/** Characters in a row that a sentence of the draft shares with the record where it draws on it. */
const sharedRun = 5;
/** Sentences of the record that are compared with one of the draft. */
const compared = 5;

/**
 * @throws AppError as `planDraft`
 * @throws Cancelled; what was told by events until then stands
 */
export async function draftReplies(
  request: DraftRequest,
  context: DraftWork,
): Promise<DraftResult> {
  const { model, card, onEvent, meter = new UsageMeter() } = context;
  // One that fails ends the others too.
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const { prompt, stops, preview, system, record } = planDraft(request, { model, card });
  onEvent?.({ kind: 'context', context: { ...preview, system } });

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
        maxTokens: preview.tokens.answer,
        stops,
        signal,
        onText: (piece) => show(orders.push(piece)),
      });
      show(orders.end());
      return {
        text,
        guards: guardsOf(text, { hasRecord: record !== null }),
        quotes: record ? quotesOf(text, record) : [],
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
