/** What drafts are made from: which turns and which sentences of a record fit, and what they cost. */
import { AppError } from '../../domain/contract/errors';
import type { DraftPreview, DraftRequest, Turn } from '../../domain/contract/dialogue';
import type { ModelCard } from '../../domain/contract/model-card';
import type { LanguageModel, Token } from '../../engine/language-model';
import { stopsOf } from '../generation/stop-watcher';
import { conversationTokens, type Exchange } from '../prompt/conversation';
import { partsOf } from '../qa/qa-context';
import { draftInstruction, draftTokens, exchangesOf } from './prompts';
import { excerptOf, searchedRecord, type SearchedRecord } from './record-excerpt';

export interface DraftPlan {
  readonly prompt: Token[];
  readonly stops: ReturnType<typeof stopsOf>;
  readonly preview: DraftPreview;
  /** What the model is told, the record's sentences included. */
  readonly system: string;
  /** Null without a record. */
  readonly record: SearchedRecord | null;
}

/**
 * Asks the model for nothing but the count of tokens.
 *
 * @throws AppError `TASK_NOT_SUPPORTED` where the card does not name drafting; `NO_PATIENT_TURN`;
 *   `CONTEXT_EXCEEDED` where not even the last turn fits
 */
export function planDraft(
  request: DraftRequest,
  { model, card }: { readonly model: LanguageModel; readonly card: ModelCard },
): DraftPlan {
  const { turns: format } = card.promptFormat;
  if (!format || !card.capabilities.tasks.includes('dialogue'))
    throw new AppError('TASK_NOT_SUPPORTED', { params: { model: card.name } });
  const end = request.turns.findLastIndex(({ role }) => role === 'patient') + 1;
  if (end === 0) throw new AppError('NO_PATIENT_TURN');
  const asked = request.turns.slice(0, end);
  const record = request.record ? searchedRecord(model, request.record.text) : null;
  const shown = record ? excerptOf(record, asked, model.contextSize) : [];
  const excerpt = shown.map(({ start, end }) => record?.text.slice(start, end)).join('\n');
  const answer = draftTokens[request.length];
  const tokensOf = (system: string, exchanges: readonly Exchange[]): Token[] =>
    conversationTokens(model, card.promptFormat, { system, exchanges });

  const system = draftInstruction(request, excerpt);
  const { prompt, forgotten } = withTurns(asked, {
    ...{ model, answer },
    tokens: (turns) => tokensOf(system, exchangesOf(turns)),
  });
  const bare = draftInstruction(request, '');
  const instructions = tokensOf(bare, [{ question: '' }]).length;
  const withoutRecord = tokensOf(bare, exchangesOf(asked.slice(forgotten))).length;
  return {
    ...{ prompt, system, record },
    stops: stopsOf(format.toNextUser),
    preview: {
      tokens: {
        ...{ instructions, answer, size: model.contextSize },
        dialogue: withoutRecord - instructions,
        record: prompt.length - withoutRecord,
      },
      parts: record && partsOf(shown, record.sentences),
      forgotten,
      trailing: request.turns.length - end,
    },
  };
}

interface Fitting {
  readonly model: LanguageModel;
  /** Tokens that are kept free. */
  readonly answer: number;
  tokens(turns: readonly Turn[]): Token[];
}

/** With as many of the turns as fit, from the newest back. @throws AppError `CONTEXT_EXCEEDED` */
function withTurns(
  turns: readonly Turn[],
  { model, answer, tokens }: Fitting,
): { readonly prompt: Token[]; readonly forgotten: number } {
  const size = model.contextSize;
  const capacity = size - 1 - answer;
  let high = turns.length - 1;
  let prompt = tokens(turns.slice(high));
  if (prompt.length > capacity) {
    throw new AppError('CONTEXT_EXCEEDED', {
      params: { needed: prompt.length + answer, capacity: size },
    });
  }
  // Of five hundred long turns most are not even counted: what they hold alone does not fit.
  let low = high;
  for (let room = size; low > 0; low--) {
    room -= model.tokenize((turns[low - 1] as Turn).text, true).length;
    if (room < 0) break;
  }
  // Fewer turns take fewer tokens: halving finds the first one that fits.
  while (low < high) {
    const from = (low + high) >> 1;
    const tried = tokens(turns.slice(from));
    if (tried.length <= capacity) {
      high = from;
      prompt = tried;
    } else low = from + 1;
  }
  return { prompt, forgotten: high };
}
