/** Questions that are one key away: those that ship, or as people of this workstation changed them. */
import bundled from '../../../resources/quick-questions.json' with { type: 'json' };
import { maxQuickQuestions, type StoredQuickQuestions } from '@domain/contract/conversation';
import type { Locale } from '@domain/contract/ipc';
import type { Versioned } from '../../data/repository';

export interface QuickQuestionsPlace {
  stored(): Promise<Versioned<StoredQuickQuestions> | null>;
  save(questions: StoredQuickQuestions, base: number): Promise<{ readonly version: number }>;
}

export interface SummaryLine {
  readonly ask: string;
  readonly 'zh-CN': string;
  readonly en: string;
}

/** What is asked for each line of a summary. */
export const summaryLines: readonly SummaryLine[] = bundled.summary;

const shipped: readonly string[] = bundled.questions.map(({ ask }) => ask);

/** How a question is called: records are Chinese, and so are the questions that ship. */
export function questionLabel(question: string, locale: Locale): string {
  if (locale === 'zh-CN') return question;
  return (
    bundled.questions.find(({ ask }) => ask === question)?.en ??
    bundled.summary.find(({ ask }) => ask === question)?.en ??
    question
  );
}

export class QuickQuestions {
  readonly #place: QuickQuestionsPlace;
  #own = $state.raw<readonly string[] | null>(null);
  #version = 0;

  constructor(place: QuickQuestionsPlace) {
    this.#place = place;
  }

  get list(): readonly string[] {
    return this.#own ?? shipped;
  }

  /** Whether they are those that ship. */
  get areShipped(): boolean {
    return this.#own === null;
  }

  /** @throws AppError what the store does */
  async load(): Promise<void> {
    const stored = await this.#place.stored();
    this.#version = stored?.version ?? 0;
    this.#own = stored && stored.value.deletedAt === null ? stored.value.questions : null;
  }

  /** @param questions null for those that ship. @throws AppError what the store does */
  async save(questions: readonly string[] | null): Promise<void> {
    const own = questions?.map((each) => each.trim()).filter((each) => each !== '');
    const now = Date.now();
    const { version } = await this.#place.save(
      {
        id: 'quick-questions',
        recordId: null,
        createdAt: now,
        updatedAt: now,
        deletedAt: own ? null : now,
        questions: (own ?? []).slice(0, maxQuickQuestions),
      },
      this.#version,
    );
    this.#version = version;
    this.#own = own ?? null;
  }
}
