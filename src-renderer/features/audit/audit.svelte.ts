/** The audit log as an auditor reads it: a filter, pages, verification, export. */
import type { AuditEntry, AuditFilter, AuditKind, AuditVerification } from '@domain/contract/audit';
import type { Bridge } from '@domain/contract/ipc';
import { invoke } from '../../data/bridge';
import { endOfDay, startOfDay } from './local-day';

interface Person {
  readonly id: string;
  readonly name: string;
}

export class AuditState {
  readonly #bridge: Bridge;
  /** Dates as a date field gives them, local time; empty for none. */
  fromDate = $state('');
  toDate = $state('');
  actor = $state('');
  kind = $state<AuditKind | ''>('');
  failedOnly = $state(false);
  #entries = $state.raw<readonly AuditEntry[]>([]);
  #next = $state<number | null>(null);
  #people = $state.raw<readonly Person[]>([]);
  #verification = $state.raw<AuditVerification | null>(null);
  #verifying = $state(false);
  /** Counts the questions, so that a slow answer never covers a later one. */
  #turn = 0;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  get entries(): readonly AuditEntry[] {
    return this.#entries;
  }
  /** Whether there are earlier entries. */
  get hasMore(): boolean {
    return this.#next !== null;
  }
  /** Everybody who has or had an account. */
  get people(): readonly Person[] {
    return this.#people;
  }
  get verification(): AuditVerification | null {
    return this.#verification;
  }
  get verifying(): boolean {
    return this.#verifying;
  }

  get filter(): AuditFilter {
    const from = startOfDay(this.fromDate);
    const to = endOfDay(this.toDate);
    return {
      ...(from === null ? {} : { from }),
      ...(to === null ? {} : { to }),
      ...(this.actor === '' ? {} : { actor: this.actor }),
      ...(this.kind === '' ? {} : { kinds: [this.kind] }),
      ...(this.failedOnly ? { failedOnly: true } : {}),
    };
  }

  nameOf(id: string): string {
    return this.#people.find((person) => person.id === id)?.name ?? id.slice(0, 8);
  }

  /** Reads the newest entries that fit. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    const people = await invoke(this.#bridge, 'audit.people');
    const page = await invoke(this.#bridge, 'audit.read', { filter: this.filter });
    if (turn !== this.#turn) return;
    this.#people = people;
    this.#entries = page.entries;
    this.#next = page.next;
  }

  async more(): Promise<void> {
    if (this.#next === null) return;
    const turn = ++this.#turn;
    const page = await invoke(this.#bridge, 'audit.read', {
      filter: this.filter,
      before: this.#next,
    });
    if (turn !== this.#turn) return;
    this.#entries = [...this.#entries, ...page.entries];
    this.#next = page.next;
  }

  async verify(): Promise<void> {
    this.#verifying = true;
    try {
      this.#verification = await invoke(this.#bridge, 'audit.verify');
    } finally {
      this.#verifying = false;
    }
  }

  /** @returns number of entries, or null when nothing was chosen */
  export(format: 'jsonl' | 'csv'): Promise<number | null> {
    return invoke(this.#bridge, 'audit.export', { format, filter: this.filter });
  }
}
