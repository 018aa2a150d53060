/** A document read in a thread of its own, which has little memory and not for ever. */
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { ReadRecord, TablePreview } from '../../domain/contract/document';
import { AppError } from '../../domain/contract/errors';
import { Cancelled } from '../../domain/contract/rpc';
import { startThread } from '../../offline/start-thread';
import { fromThreadSchema, more, type DocumentJob, type FromThread } from './document-job';
import { memoryWatch } from './memory-watch';

export interface ThreadLimits {
  /** Milliseconds that the thread may take for one answer; its start does not count. */
  readonly timeMs: number;
  /** MiB of its heap. */
  readonly heapMiB: number;
  /** Bytes by which the process may grow while the thread works. */
  readonly growthBytes: number;
}

/** Minutes, because a busy desktop takes five times as long as an idle one. */
export const threadLimits: ThreadLimits = {
  timeMs: 180_000,
  heapMiB: 768,
  growthBytes: 2_500_000_000,
};

export interface ThreadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits?: ThreadLimits;
}

type WorkOf<K> = Extract<DocumentJob['work'], { kind: K }>;

/**
 * The records of a pdf, docx or xlsx. The thread reads on only when more is asked for.
 * @param bytes handed over: not to be used afterwards
 * @throws AppError what the readers throw, and `DOCUMENT_TOO_COMPLEX` (why: time, memory)
 * @throws Cancelled
 */
export async function* recordsInThread(
  bytes: Uint8Array<ArrayBuffer>,
  work: Omit<WorkOf<'records'>, 'kind'>,
  options: ThreadOptions = {},
): AsyncGenerator<ReadRecord> {
  const thread = new DocumentThread({ bytes, work: { kind: 'records', ...work } }, options);
  try {
    for (let isLast = false; !isLast;) {
      const message = await thread.ask();
      if (message.type !== 'records') throw new AppError('BAD_REPLY');
      isLast = message.isLast;
      yield* message.records;
    }
  } finally {
    await thread.end();
  }
}

/** The beginning of an xlsx. @param bytes handed over @throws as `recordsInThread` */
export async function previewInThread(
  bytes: Uint8Array<ArrayBuffer>,
  work: Omit<WorkOf<'preview'>, 'kind'>,
  options: ThreadOptions = {},
): Promise<TablePreview> {
  const thread = new DocumentThread({ bytes, work: { kind: 'preview', ...work } }, options);
  try {
    const message = await thread.ask();
    if (message.type !== 'preview') throw new AppError('BAD_REPLY');
    return message.preview;
  } finally {
    await thread.end();
  }
}

class DocumentThread {
  readonly #worker: Worker;
  readonly #limits: ThreadLimits;
  readonly #signal: AbortSignal | undefined;
  readonly #ready: Promise<void>;
  /** What ends the question that is open; without one, what went wrong waits for the next. */
  #settle: { resolve(message: FromThread): void; reject(error: Error): void } | null = null;
  #failure: Error | null = null;
  #becomeReady: () => void = () => undefined;

  constructor(job: DocumentJob, { signal, limits = threadLimits }: ThreadOptions) {
    this.#limits = limits;
    this.#signal = signal;
    this.#ready = new Promise((resolve) => (this.#becomeReady = resolve));
    this.#worker = startThread(join(import.meta.dirname, 'document-thread.ts'), {
      workerData: job,
      transferList: [job.bytes.buffer as ArrayBuffer],
      resourceLimits: { maxOldGenerationSizeMb: limits.heapMiB },
    });
    this.#worker.on('message', (data: unknown) => this.#receive(data));
    this.#worker.once('error', (error: Error & { code?: unknown }) => {
      const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#fail(isFull ? tooComplex('memory') : error);
    });
    // After any of the above it changes nothing.
    this.#worker.once('exit', () => this.#fail(new AppError('DOCUMENT_DAMAGED')));
    signal?.addEventListener('abort', this.#cancel, { once: true });
  }

  /** One answer. */
  async ask(): Promise<FromThread> {
    if (this.#signal?.aborted) throw new Cancelled();
    let timer: NodeJS.Timeout | undefined;
    let unwatch = (): void => undefined;
    try {
      return await new Promise<FromThread>((resolve, reject) => {
        this.#settle = { resolve, reject };
        if (this.#failure) {
          reject(this.#failure);
          return;
        }
        void this.#ready.then(() => {
          // Starting a thread takes its time on a busy machine; the limit is the document's.
          timer = setTimeout(() => this.#fail(tooComplex('time')), this.#limits.timeMs);
          unwatch = memoryWatch(this.#limits.growthBytes, () => this.#fail(tooComplex('memory')));
          this.#worker.postMessage(more);
        });
      });
    } finally {
      this.#settle = null;
      clearTimeout(timer);
      unwatch();
    }
  }

  async end(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#cancel);
    await this.#worker.terminate();
  }

  readonly #cancel = (): void => this.#fail(new Cancelled());

  #receive(data: unknown): void {
    const message = fromThreadSchema.safeParse(data);
    if (!message.success) this.#fail(new AppError('BAD_REPLY'));
    else if (message.data.type === 'ready') this.#becomeReady();
    else if (message.data.type === 'failed') {
      this.#fail(new AppError(message.data.problem.code, message.data.problem));
    } else this.#settle?.resolve(message.data);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#settle?.reject(this.#failure);
    void this.#worker.terminate();
  }
}

function tooComplex(why: 'time' | 'memory'): AppError {
  return new AppError('DOCUMENT_TOO_COMPLEX', { params: { why } });
}
