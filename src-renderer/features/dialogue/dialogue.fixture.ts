/** A dialogue for tests on a store that minds the lifecycle, and a host that answers through a real port. */
import { afterEach } from 'vitest';
import type { ReplyApproval, StoredReply } from '@domain/contract/conversation';
import type {
  DraftContext,
  DraftEvent,
  DraftPreview,
  DraftRequest,
  DraftResult,
} from '@domain/contract/dialogue';
import { AppError } from '@domain/contract/errors';
import { hostMethods, type HostMethods } from '@domain/contract/host-port';
import { RpcClient, serve, type HandlerContext } from '@domain/contract/rpc';
import { mayFollow } from '@domain/rules/dialogue/reply-rules';
import { domPort } from '../../data/dom-port';
import { Dialogue, type DialogueParts } from './dialogue.svelte';

export const model = { name: 'M', sha256: 'a'.repeat(64) };
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

export type Answer = (
  request: DraftRequest,
  context: HandlerContext<DraftEvent>,
) => Promise<DraftResult> | Promise<never>;
export const result = (...texts: string[]): DraftResult => ({
  ...{ version: 1, state: 'machine-draft', model },
  candidates: texts.map((text) => ({ text, guards: [], quotes: [], ended: 'end' })),
  usage: {
    ...{ promptTokens: 1, reusedTokens: 0, restoredTokens: 0 },
    ...{ decodedTokens: 1, prefillMs: 1, decodeMs: 1 },
  },
});
export const never: Answer = (_request, { emit, signal }) =>
  new Promise((_, reject) => {
    emit({ kind: 'text', candidate: 0, text: '先观察，' });
    emit({ kind: 'text', candidate: 1, text: '保证治好，' });
    signal.addEventListener('abort', () => reject(new Error('aborted')));
  });

/** As a model with a small context counts it. */
export const preview: DraftPreview = {
  tokens: { instructions: 10, dialogue: 5, record: 0, answer: 20, size: 100 },
  ...{ parts: null, forgotten: 0, trailing: 0 },
};
export const context: DraftContext = { ...preview, system: '请起草回复。' };

export function begun(
  answer: Answer = async () => result('多喝水。', '多休息。'),
  change: Partial<DialogueParts> = {},
  counted: (request: DraftRequest) => Promise<DraftPreview> = async () => preview,
) {
  const { port1, port2 } = new MessageChannel();
  const refuse = () => Promise.reject(new Error('not asked for'));
  serve(domPort(port1), hostMethods, {
    ...{ 'extraction.run': refuse, 'prompt.preview': refuse },
    ...{
      'qa.ask': refuse,
      'qa.preview': refuse,
      'dialogue.preview': (request) => counted(request),
    },
    'dialogue.draft': (request, context) => answer(request, context),
  });
  const client = new RpcClient<HostMethods>(domPort(port2), hostMethods, 'HOST_DIED');
  closers.push(() => port1.close());
  const saved: StoredReply[] = [];
  const told: number[] = [];
  const parts: DialogueParts = {
    host: { ready: async () => client },
    model: () => model,
    save: async (reply, base) => {
      const before = saved.at(-1)?.state ?? null;
      if (saved.length !== base || !mayFollow(before, reply.state))
        throw new AppError('BAD_REQUEST');
      saved.push(structuredClone(reply));
      return { version: saved.length };
    },
    sign: async ({ textSha256 }): Promise<ReplyApproval> => ({
      ...{ by: 'u', name: '王', title: '', at: 9, textSha256, signature: '0'.repeat(128) },
    }),
    signsShown: (_id, count) => told.push(count),
    userId: () => 'u',
    now: () => 5,
    ...change,
  };
  return { dialogue: new Dialogue(parts), saved, told, parts, die: () => port1.close() };
}

export async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; !done(); turn++) {
    if (turn === 1_000) throw new Error('it does not come');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
