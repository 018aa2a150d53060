/** What a question would be asked with, without asking. */
import type { ModelCard } from '../../domain/contract/model-card';
import { AppError } from '../../domain/contract/errors';
import type { QaPreview, QaRequest } from '../../domain/contract/qa';
import type { Section } from '../../domain/contract/section';
import type { LanguageModel } from '../../engine/language-model';
import { canWrite, partsOf, QaContextWindow, recordSentences } from './qa-context';

export interface PreviewContext {
  readonly model: LanguageModel;
  readonly card: ModelCard;
  findSections(text: string): readonly Section[];
}

/**
 * @param request with a question that may still be empty
 * @throws AppError as `answerQuestion`, but for an empty question
 */
export function previewQuestion(
  request: Pick<QaRequest, 'question' | 'record' | 'history'>,
  { model, card, findSections }: PreviewContext,
): QaPreview {
  const { question, record } = request;
  const sentences = record ? recordSentences(record, findSections) : [];
  if (!canWrite(card)) {
    if (!record) throw new AppError('TASK_NOT_SUPPORTED', { params: { model: card.name } });
    return { form: 'quotations', tokens: null, parts: partsOf(sentences, sentences), forgotten: 0 };
  }
  const window = new QaContextWindow(model, card);
  const size = model.contextSize;
  if (!record) {
    const { prompt, forgotten } = window.free(request);
    return { form: 'written', tokens: { used: prompt.length, size }, parts: null, forgotten };
  }
  const shown = window.thatFit(record.text, sentences, question);
  const { prompt, forgotten } = window.evidence(record.text, shown, request);
  const parts = partsOf(shown, sentences);
  return { form: 'written', tokens: { used: prompt.length, size }, parts, forgotten };
}
