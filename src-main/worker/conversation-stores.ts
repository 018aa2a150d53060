/** The stores of questions with their answers, and of the questions that are at hand. */
import {
  storedConversationSchema,
  storedQuickQuestionsSchema,
  type StoredConversation,
  type StoredQuickQuestions,
} from '../domain/contract/conversation';
import { WorkStore, type WorkStoreOptions } from './work-store';

/** A few hundred long answers, each with its quotations and the parts that were looked at. */
const maxConversationChars = 20_000_000;

type Common = Pick<WorkStoreOptions<StoredConversation>, 'vault' | 'now' | 'userId'>;

export function conversationStore(options: Common): WorkStore<StoredConversation> {
  return new WorkStore({
    ...options,
    table: 'conversation',
    schema: storedConversationSchema,
    maxChars: maxConversationChars,
  });
}

export function quickQuestionStore(options: Common): WorkStore<StoredQuickQuestions> {
  return new WorkStore({
    ...options,
    table: 'quick-questions',
    schema: storedQuickQuestionsSchema,
    maxChars: 100_000,
  });
}
