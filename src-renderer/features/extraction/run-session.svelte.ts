/**
 * One run on one record, from the press of the button until it lies in the journal.
 *
 * It belongs to its record, not to what is on screen: it goes on, and is saved, while the doctor
 * reads another record.
 */
import { problemOf, type Problem } from '@domain/contract/errors';
import type { ExtractionEvent, RunIdentity } from '@domain/contract/extraction';
import { compareFacts, type Fact } from '@domain/contract/fact';
import type { HostMethods } from '@domain/contract/host-port';
import type { StoredRun } from '@domain/contract/record';
import type { RpcClient } from '@domain/contract/rpc';
import type { Section } from '@domain/contract/section';

export type RunStatus = 'running' | StoredRun['status'];

/** `failed`: the facts are only on screen so far. */
export type SaveState = 'pending' | 'saving' | 'saved' | 'failed';

export type RunProgress = Omit<Extract<ExtractionEvent, { kind: 'progress' }>, 'kind'>;

export interface RunOrder {
  readonly recordId: string;
  readonly title: string;
  readonly textSha256: string;
  readonly text: string;
  /** Until the host says how it runs: what was asked for. */
  readonly identity: RunIdentity;
  /** As a person corrected them; without, those that are found. */
  readonly sections?: readonly Section[] | undefined;
}

/** Milliseconds that streamed facts are gathered before they are drawn. */
const gatherTime = 40;

export class RunSession {
  readonly id: string;
  readonly recordId: string;
  readonly title: string;
  readonly textSha256: string;
  readonly startedAt: number;
  readonly #save: (run: StoredRun) => Promise<unknown>;
  readonly #abort = new AbortController();
  #finishedAt: number;
  #identity = $state.raw<RunIdentity>() as RunIdentity;
  #status = $state<RunStatus>('running');
  #facts = $state.raw<readonly Fact[]>([]);
  #progress = $state.raw<RunProgress | null>(null);
  #ahead = $state(0);
  #problem = $state.raw<Problem | null>(null);
  #saveState = $state<SaveState>('pending');
  #saveProblem = $state.raw<Problem | null>(null);
  #saving: Promise<void> = Promise.resolve();
  #gathered: Fact[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  private constructor(
    run: Pick<StoredRun, 'id' | 'recordId' | 'textSha256' | 'startedAt' | 'finishedAt' | 'run'>,
    title: string,
    save: (run: StoredRun) => Promise<unknown>,
  ) {
    this.id = run.id;
    this.recordId = run.recordId;
    this.title = title;
    this.textSha256 = run.textSha256;
    this.startedAt = run.startedAt;
    this.#finishedAt = run.finishedAt;
    this.#identity = run.run;
    this.#save = save;
  }

  /** A run as it was stored. */
  static stored(run: StoredRun, title: string): RunSession {
    const session = new RunSession(run, title, () => Promise.resolve());
    session.#status = run.status;
    session.#facts = distinct(run.facts);
    session.#problem = run.problem ?? null;
    session.#saveState = 'saved';
    return session;
  }

  /** Starts a run; it ends by itself in one of the four statuses and is then saved. */
  static start(
    order: RunOrder,
    host: { ready(): Promise<RpcClient<HostMethods>> },
    save: (run: StoredRun) => Promise<unknown>,
  ): RunSession {
    const now = Date.now();
    const session = new RunSession(
      {
        id: globalThis.crypto.randomUUID(),
        recordId: order.recordId,
        textSha256: order.textSha256,
        startedAt: now,
        finishedAt: now,
        run: order.identity,
      },
      order.title,
      save,
    );
    void session.#run(order, host);
    return session;
  }

  get status(): RunStatus {
    return this.#status;
  }
  get facts(): readonly Fact[] {
    return this.#facts;
  }
  /** The ended run as it is reviewed. */
  get asReviewed(): Pick<
    StoredRun,
    'id' | 'run' | 'facts' | 'status' | 'textSha256' | 'startedAt'
  > | null {
    const { id, textSha256, startedAt } = this;
    const status = this.#status;
    if (status === 'running') return null;
    return { id, textSha256, startedAt, status, run: this.#identity, facts: [...this.#facts] };
  }
  get identity(): RunIdentity {
    return this.#identity;
  }
  get finishedAt(): number {
    return this.#finishedAt;
  }
  get progress(): RunProgress | null {
    return this.#progress;
  }
  /** Requests that the host will do before this one. */
  get ahead(): number {
    return this.#ahead;
  }
  get problem(): Problem | null {
    return this.#problem;
  }
  get saveState(): SaveState {
    return this.#saveState;
  }
  get saveProblem(): Problem | null {
    return this.#saveProblem;
  }

  /** Ends the run now, with the facts so far; the host is told, not waited for. */
  stop(): void {
    if (this.#status !== 'running') return;
    this.#gather();
    this.#end('stopped', this.#facts, null);
    this.#abort.abort();
  }

  /** Ends the run, if it goes on, and waits until what it found is saved, or cannot be. */
  async putAway(): Promise<void> {
    this.stop();
    await this.#saving;
  }

  /** Saves the ended run; also the way to try again. Never throws: the state says how it went. */
  async save(): Promise<void> {
    const status = this.#status;
    if (status === 'running' || this.#saveState === 'saving' || this.#saveState === 'saved') return;
    this.#saveState = 'saving';
    this.#saveProblem = null;
    try {
      await this.#save({
        id: this.id,
        recordId: this.recordId,
        textSha256: this.textSha256,
        startedAt: this.startedAt,
        finishedAt: this.#finishedAt,
        status,
        ...(this.#problem ? { problem: this.#problem } : {}),
        run: this.#identity,
        facts: [...this.#facts],
      });
      this.#saveState = 'saved';
    } catch (error) {
      this.#saveProblem = problemOf(error);
      this.#saveState = 'failed';
    }
  }

  async #run(order: RunOrder, host: { ready(): Promise<RpcClient<HostMethods>> }): Promise<void> {
    try {
      const client = await host.ready();
      const result = await client.call(
        'extraction.run',
        {
          text: order.text,
          schema: order.identity.schema,
          model: order.identity.model.sha256,
          ...(order.identity.definition ? { definition: order.identity.definition } : {}),
          ...(order.sections ? { sections: [...order.sections] } : {}),
        },
        { signal: this.#abort.signal, onEvent: (event) => this.#receive(event) },
      );
      if (this.#status !== 'running') return;
      this.#identity = result.run;
      this.#end(result.status, distinct(result.facts), result.problem ?? null);
    } catch (error) {
      // A stopped run has already ended; its cancellation is no failure.
      if (this.#status !== 'running') return;
      this.#gather();
      this.#end('failed', this.#facts, problemOf(error));
    }
  }

  #receive(event: ExtractionEvent): void {
    if (this.#status !== 'running') return;
    switch (event.kind) {
      case 'queued':
        this.#ahead = event.ahead;
        return;
      case 'started':
        this.#ahead = 0;
        this.#identity = event.run;
        return;
      case 'progress':
        this.#progress = event;
        return;
      case 'fact':
        this.#gathered.push(event.fact);
        this.#timer ??= setTimeout(() => this.#gather(), gatherTime);
        return;
      default:
        event satisfies never;
    }
  }

  #gather(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered.length === 0) return;
    this.#facts = distinct([...this.#facts, ...this.#gathered]);
    this.#gathered = [];
  }

  #end(status: StoredRun['status'], facts: readonly Fact[], problem: Problem | null): void {
    clearTimeout(this.#timer);
    this.#gathered = [];
    this.#finishedAt = Date.now();
    this.#facts = facts;
    this.#problem = problem;
    this.#status = status;
    this.#saving = this.save();
  }
}

/** In the order of the text, each id once: a list keyed by id must not meet the same id twice. */
function distinct(facts: readonly Fact[]): Fact[] {
  const byId = new Map(facts.map((fact) => [fact.id, fact]));
  return [...byId.values()].sort(compareFacts);
}
