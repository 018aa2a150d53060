/** Rendering a stranger's template in a thread that has little memory, and one second. */
import { join } from 'node:path';
import * as z from 'zod';
import { startThread } from '../offline/start-thread';
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
    const worker = startThread(join(import.meta.dirname, 'template-worker.ts'), {
      workerData: job,
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    });
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
