/** One conversation: its tree, the answer that is being given, and the saving of both. */
import type {
  AskedText,
  ConversationNode,
  StoredConversation,
} from '@domain/contract/conversation';
import { AppError, problemOf, type Problem } from '@domain/contract/errors';
import { maxExchanges, type PastExchange, type QaRequest } from '@domain/contract/qa';
import type { Versioned } from '../../data/repository';
import { Answering, type Ask, type Ended } from './answering.svelte';
import { textOf, withoutCitations } from './answer-text';
import { leafUnder, mergedNodes, pathTo, waysOf } from './tree';

export interface ConversationPlace {
  /** @param base row version that it was made of; 0 for none. @returns the new one */
  save(conversation: StoredConversation, base: number): Promise<{ readonly version: number }>;
  /** The newest version as it is stored. */
  stored(id: string): Promise<Versioned<StoredConversation> | null>;
  ask: Ask;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** A question on its way. */
export interface Order {
  readonly question: string;
  /** What it follows; null for a first one. */
  readonly parent: string | null;
  readonly asked: readonly AskedText[];
  readonly request: Omit<QaRequest, 'question' | 'history'>;
  /** Told with what was said before. Defaults to true. */
  readonly withHistory?: boolean;
}

export type ConversationSaving = 'new' | 'saved' | 'saving' | 'failed';

/** Longest title, UTF-16 units. */
export const titleChars = 60;

export class Conversation {
  readonly #place: ConversationPlace;
  #value = $state.raw<StoredConversation>() as StoredConversation;
  #version: number;
  #answering = $state.raw<Answering | null>(null);
  #saving = $state<ConversationSaving>('new');
  #problem = $state.raw<Problem | null>(null);
  #work: Promise<void> = Promise.resolve();
  #dirty = false;
  #waiting: (() => void)[] = [];

  /** @param version of the stored row; 0 for one that is not stored yet */
  constructor(value: StoredConversation, version: number, place: ConversationPlace) {
    this.#value = value;
    this.#version = version;
    this.#place = place;
    if (version > 0) this.#saving = 'saved';
  }

  get id(): string {
    return this.#value.id;
  }
  get value(): StoredConversation {
    return this.#value;
  }
  get title(): string {
    return this.#value.title;
  }
  get nodes(): readonly ConversationNode[] {
    return this.#value.nodes;
  }
  /** The branch on screen. */
  readonly path = $derived.by(() => pathTo(this.#value.nodes, this.#value.leaf));
  get answering(): Answering | null {
    return this.#answering;
  }
  get saving(): ConversationSaving {
    return this.#saving;
  }
  get problem(): Problem | null {
    return this.#problem;
  }
  /** Whether nothing was asked yet. */
  get isEmpty(): boolean {
    return this.nodes.length === 0;
  }

  waysOf(node: ConversationNode): readonly ConversationNode[] {
    return waysOf(this.nodes, node);
  }

  /** What was said up to a question, itself included, oldest first. */
  historyUpTo(id: string | null): PastExchange[] {
    return pathTo(this.nodes, id)
      .map((node) => ({ question: node.question, answer: withoutCitations(textOf(node)) }))
      .filter(({ answer }) => answer !== '')
      .slice(-maxExchanges);
  }

  /** Asks; one answer at a time is given. @returns whether it was begun */
  ask({ question, parent, asked, request, withHistory = true }: Order): boolean {
    if (this.#answering) return false;
    const history = withHistory ? this.historyUpTo(parent) : [];
    const node: ConversationNode = {
      id: globalThis.crypto.randomUUID(),
      parent,
      question,
      at: this.#place.now(),
      // Until there is an answer: should everything end now, the question stands and is marked.
      state: 'partial',
      asked: [...asked],
    };
    const title = this.#value.title === '' ? titleOf(question) : this.#value.title;
    this.#change({ title, nodes: [...this.nodes, node], leaf: node.id });
    this.#answering = new Answering(
      node.id,
      { ...request, question, ...(history.length > 0 ? { history } : {}) },
      this.#place.ask,
      (ended) => this.#end(node, ended),
    );
    return true;
  }

  stop(): void {
    this.#answering?.stop();
  }

  /** Resolves when no answer is being given. */
  idle(): Promise<void> {
    if (!this.#answering) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Shows the branch that a node is on. */
  choose(id: string): void {
    const leaf = leafUnder(this.nodes, id);
    if (leaf !== this.#value.leaf) this.#change({ leaf });
  }

  rename(wanted: string): void {
    const title = titleOf(wanted);
    if (title !== '' && title !== this.title) this.#change({ title });
  }

  /** Ends the answer, if one is given, and waits until all of it is saved, or cannot be. */
  async putAway(): Promise<void> {
    this.stop();
    await this.#work;
  }

  /** Saves what is not saved; also the way to try again. Never throws: the state says how it went. */
  save(): Promise<void> {
    this.#dirty = true;
    this.#work = this.#work.then(() => this.#saveOnce());
    return this.#work;
  }

  #change(part: Partial<StoredConversation>): void {
    this.#value = { ...this.#value, ...part, updatedAt: this.#place.now() };
    void this.save();
  }

  #end(node: ConversationNode, ended: Ended): void {
    this.#answering = null;
    const done: ConversationNode =
      ended.state === 'answered'
        ? { ...node, state: 'answered', answer: ended.answer }
        : {
            ...node,
            state: ended.state,
            written: ended.written,
            quotes: [...ended.quotes],
            ...(ended.problem ? { problem: ended.problem } : {}),
          };
    this.#change({ nodes: this.nodes.map((each) => (each.id === node.id ? done : each)) });
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #saveOnce(): Promise<void> {
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#saving = 'saving';
    this.#problem = null;
    try {
      await this.#saveOver();
      this.#saving = 'saved';
    } catch (error) {
      this.#problem = problemOf(error);
      this.#saving = 'failed';
    }
  }

  async #saveOver(): Promise<void> {
    try {
      this.#version = (await this.#place.save(this.#value, this.#version)).version;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'VERSION_CONFLICT') throw error;
      // Another window asked meanwhile: questions only ever come to it, so both sides' stand.
      const newest = await this.#place.stored(this.id);
      if (!newest) throw error;
      const nodes = mergedNodes(newest.value.nodes, this.nodes);
      this.#value = { ...this.#value, nodes };
      this.#version = (await this.#place.save(this.#value, newest.version)).version;
    }
  }
}

export function titleOf(question: string): string {
  const line = question.replace(/\s+/gu, ' ').trim();
  return [...line].length > titleChars ? `${[...line].slice(0, titleChars).join('')}…` : line;
}
