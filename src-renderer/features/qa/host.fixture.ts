/** A host for tests that answers as it is told, over a real port. */
import { Cancelled, RpcClient, serve, type HandlerContext } from '@domain/contract/rpc';
import { hostMethods, type HostMethods } from '@domain/contract/host-port';
import type { QaAnswer, QaEvent, QaPreview, QaRequest } from '@domain/contract/qa';
import { domPort } from '../../data/dom-port';

export type Answerer = (request: QaRequest, context: HandlerContext<QaEvent>) => Promise<QaAnswer>;

export const usage = {
  ...{ promptTokens: 1, reusedTokens: 0, restoredTokens: 0, decodedTokens: 1 },
  ...{ prefillMs: 1, decodeMs: 1 },
};
export const speed = { prefill: null, decode: null };

export function answerOf(answer: string, change: Partial<QaAnswer> = {}): QaAnswer {
  return {
    ...{ version: 1, answer, basis: 'record', form: 'written', confidence: 0.9, parts: null },
    ...{ sentences: [], quotes: [{ text: '过敏', start: 3, end: 5 }] },
    model: { name: 'm', sha256: 'x' },
    usage,
    ...change,
  };
}

/** Waits until the caller gives up. */
export function forever({ signal }: HandlerContext<QaEvent>): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(new Cancelled()), { once: true }),
  );
}

export function hostThat(answer: Answerer, preview?: (request: QaRequest) => QaPreview) {
  const { port1, port2 } = new MessageChannel();
  const asked: QaRequest[] = [];
  const unasked = () => Promise.reject(new Error('not asked for'));
  serve(domPort(port1), hostMethods, {
    'qa.ask': (request, context) => {
      asked.push(request);
      return answer(request, context);
    },
    'qa.preview': async (request) => {
      if (!preview) throw new Error('not asked for');
      return preview(request);
    },
    'extraction.run': unasked,
    'prompt.preview': unasked,
    'dialogue.draft': unasked,
    'dialogue.preview': unasked,
  });
  const client = new RpcClient<HostMethods>(domPort(port2), hostMethods, 'HOST_DIED');
  return { client, asked, die: () => port1.close() };
}

export async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 2));
}
