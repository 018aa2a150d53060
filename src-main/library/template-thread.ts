/** Rendering a stranger's template in a thread that has little memory, and one second. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import { templateProblem } from './template-fault';

export interface TemplateMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface TemplateJob {
  readonly template: string;
  readonly conversations: readonly (readonly TemplateMessage[])[];
  /** How the tokens that begin and end a text are written; empty where there are none. */
  readonly bos: string;
  readonly eos: string;
}

/** What the thread says: that it is there, then what it rendered, or why it did not. */
const messageSchema = z.union([
  z.literal('ready'),
  z.enum(['fails', 'too-long']),
  z.array(z.string().nullable()),
]);
export type TemplateThreadMessage = z.infer<typeof messageSchema>;

const defaultTimeLimitMs = 1_000;
const heapMiB = 64;

/**
 * @param timeLimitMs counted from when the thread is there
 * @returns what each conversation became; null where the template refused it
 * @throws AppError `TEMPLATE_UNUSABLE` (why: fails, too-slow, too-much-memory)
 */
export function renderTemplate(
  job: TemplateJob,
  timeLimitMs = defaultTimeLimitMs,
): Promise<readonly (string | null)[]> {
  return new Promise((resolve, reject) => {
    const worker = startThread(job);
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(timer);
      void worker.terminate();
    };
    const fail = (error: unknown): void => {
      end();
      reject(error instanceof Error ? error : new Error('the template thread failed'));
    };
    worker.on('message', (data: unknown) => {
      const message = messageSchema.safeParse(data);
      if (!message.success) fail(templateProblem('fails'));
      else if (message.data === 'ready') {
        // Starting a thread takes its time on a busy machine; the limit is the template's.
        timer = setTimeout(() => fail(templateProblem('too-slow')), timeLimitMs);
      } else if (typeof message.data === 'string') fail(templateProblem(message.data));
      else {
        end();
        resolve(message.data);
      }
    });
    worker.once('error', (error: Error & { code?: unknown }) => {
      const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      fail(isFull ? templateProblem('too-much-memory') : error);
    });
    // After any of the above it changes nothing.
    worker.once('exit', () => fail(templateProblem('fails')));
  });
}

function startThread(job: TemplateJob): Worker {
  const options = {
    workerData: job,
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  };
  const here = import.meta.dirname;
  // A bundler may put this file into a folder below the thread's.
  const built = [here, dirname(here)]
    .map((folder) => join(folder, 'template-worker.js'))
    .find(existsSync);
  if (built !== undefined) return new Worker(built, options);
  // From source, in development: a thread knows TypeScript only when it is told.
  const source = pathToFileURL(join(here, 'template-worker.ts')).href;
  const start = `import('tsx/esm/api').then((tsx) => { tsx.register(); return import('${source}'); })`;
  return new Worker(start, { ...options, eval: true });
}
