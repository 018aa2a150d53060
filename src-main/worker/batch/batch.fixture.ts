/** A stand-in for the model host, files on a disk, and a vault with a desk, for tests of batches. */
import type * as z from 'zod';
import { formatOfName } from '../../documents/file-format';
import { listFiles } from '../../documents/list-files';
import { previewTable } from '../../documents/preview-table';
import { readDocument } from '../../documents/read-document';
import { AppError, type ErrorCode, type Problem } from '../../domain/contract/errors';
import type { ExtractionRequest, ExtractionResult } from '../../domain/contract/extraction';
import { recordHeadSchema, storedRunSchema } from '../../domain/contract/record';
import { Cancelled } from '../../domain/contract/rpc';
import { keyIdOfSealed, openJson } from '../../domain/sealing/row';
import { Vault } from '../../vault/vault';
import { RecordStore } from '../store';
import { BatchDesk, type DeskParts, type LockedBox } from './batch-desk';
import type { Documents } from './batch-import';
import type { Extractor } from './extractor';

export const modelSha256 = 'ab'.repeat(32);

export const documents: Documents = {
  list: listFiles,
  read: readDocument,
  preview: previewTable,
  formatOf: formatOfName,
};

/** What a text's result is; the first three characters are its one fact. */
export function resultOf({ text, schema, definition }: ExtractionRequest): ExtractionResult {
  const quote = text.slice(0, 3);
  return {
    status: 'completed',
    run: {
      schema,
      model: { name: '测试模型', sha256: modelSha256 },
      strategy: 'marked-copy',
      settings: { context: 256 },
      ...(definition ? { definition } : {}),
    },
    facts: [
      {
        id: 'm0-3-药物',
        kind: 'mention',
        type: '药物',
        text: quote,
        start: 0,
        end: 3,
        evidence: [{ text: quote, start: 0, end: 3 }],
        attributes: {},
        confidence: 0.5,
      },
    ],
  };
}

type Answer = (request: ExtractionRequest) => Promise<ExtractionResult> | ExtractionResult;

/** Answers at once, unless told otherwise. */
export class TestExtractor implements Extractor {
  sequences = 2;
  problem: Problem | null = null;
  answer: Answer = resultOf;
  /** What a cancelled request ends after: a host looks for a cancel only between two pieces of work. */
  stopping: Promise<unknown> = Promise.resolve();
  /** Texts in the order in which they were asked for. */
  readonly asked: string[] = [];
  inHand = 0;
  mostInHand = 0;
  readonly #listeners: (() => void)[] = [];

  standing(): { sequences: number } | { problem: Problem } {
    return this.problem ? { problem: this.problem } : { sequences: this.sequences };
  }

  async extract(request: ExtractionRequest, signal: AbortSignal): Promise<ExtractionResult> {
    this.asked.push(request.text);
    this.inHand += 1;
    this.mostInHand = Math.max(this.mostInHand, this.inHand);
    const cancelled = new Promise<never>((_resolve, reject) => {
      const cancel = (): void => void this.stopping.then(() => reject(new Cancelled()));
      if (signal.aborted) cancel();
      signal.addEventListener('abort', cancel, { once: true });
    });
    cancelled.catch(() => undefined);
    try {
      // As over a port: never in the same step.
      await new Promise((resolve) => setImmediate(resolve));
      return await Promise.race([this.answer(request), cancelled]);
    } finally {
      this.inHand -= 1;
    }
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  change(problem: Problem | null): void {
    this.problem = problem;
    for (const listener of this.#listeners) listener();
  }
}

/** Answers with this code for texts that hold a word. */
export const failsFor =
  (word: string, code: ErrorCode): Answer =>
  (request) => {
    if (request.text.includes(word)) throw new AppError(code);
    return resultOf(request);
  };

export interface OpenedDesk {
  readonly vault: Vault;
  readonly store: RecordStore;
  readonly desk: BatchDesk;
  readonly problems: unknown[];
  close(): Promise<LockedBox[]>;
}

const keyId = '0011223344556677';

export const orderOf = (whileLocked = false) =>
  ({
    order: { schema: 'ccks2019', model: modelSha256, whileLocked },
    modelName: '测试模型',
    duplicates: 'skip',
  }) as const;

function partsOf(
  extractor: Extractor,
  problems: unknown[],
  more: Partial<DeskParts> = {},
): DeskParts {
  return {
    documents,
    extractor,
    onChange: () => undefined,
    onRemoved: () => undefined,
    onCreated: () => undefined,
    onRunSaved: () => undefined,
    onProblem: (error) => problems.push(error),
    onInternalError: (error) => problems.push(error),
    ...more,
  };
}

export async function openDesk(
  dir: string,
  extractor: Extractor,
  more: Partial<DeskParts> = {},
): Promise<OpenedDesk> {
  const problems: unknown[] = [];
  const vault = await Vault.open(dir, { keyId, key: new Uint8Array(32).fill(7) });
  const store = new RecordStore({ vault, userId: 'user-1' });
  const desk = await BatchDesk.ofVault(vault, store, partsOf(extractor, problems, more));
  let closing: Promise<LockedBox[]> | null = null;
  return {
    ...{ vault, store, desk, problems },
    close: () => (closing ??= desk.rest().finally(() => vault.close())),
  };
}

/** As while the vault is locked: nothing but boxes and their keys. */
export async function openLocked(
  boxes: readonly LockedBox[],
  extractor: Extractor,
): Promise<{ desk: BatchDesk; problems: unknown[] }> {
  const problems: unknown[] = [];
  return { desk: await BatchDesk.ofBoxes(boxes, partsOf(extractor, problems)), problems };
}

/** Titles of all records, sorted, and of every run the record that it is of. */
export async function titlesAndRuns(vault: Vault): Promise<{ titles: string[]; runs: string[] }> {
  const open = async <T>(table: 'record' | 'run', id: string, schema: z.ZodType<T>): Promise<T> => {
    const row = await vault.journal.latest(table, id);
    if (!row) throw new Error('a row is missing');
    const keyId = keyIdOfSealed(row.sealed);
    return openJson(await vault.recordKeys.key(keyId), keyId, row, row.sealed, schema);
  };
  const titles: string[] = [];
  const runs: string[] = [];
  for (const id of vault.journal.idsOf('record')) {
    titles.push((await open('record', id, recordHeadSchema)).title);
  }
  for (const id of vault.journal.idsOf('run')) {
    runs.push((await open('run', id, storedRunSchema)).recordId);
  }
  return { titles: titles.sort(), runs };
}
