/**
 * Runs in a utility process of Electron, where the model host runs: loads a model as the host does and
 * answers with speeds. Started by `host-bench.ts`.
 */
import { parentPort } from '../../src-main/domain/contract/process-port';
import { prepareNativeLoading } from '../../src-main/engine/native-loading';
import { loadLlamaModel } from '../../src-main/engine/load-llama-model';
import type { LanguageModel } from '../../src-main/engine/language-model';
import { measureSpeed } from '../../src-main/evaluation/speed';
import type { HostBenchReply, HostBenchRequest } from './host-bench';

prepareNativeLoading();

const parent = parentPort();
const never = new AbortController().signal;
let model: LanguageModel | undefined;

async function answer(request: HostBenchRequest): Promise<HostBenchReply> {
  if (request.type === 'load') {
    const start = performance.now();
    model = await loadLlamaModel({ ...request.options, backend: 'cpu' });
    return { type: 'loaded', milliseconds: performance.now() - start };
  }
  if (!model) throw new Error('nothing is loaded');
  const { test, repetitions } = request;
  return { type: 'speed', speed: await measureSpeed(model, test, { repetitions, signal: never }) };
}

parent.on('message', ({ data }) => {
  answer(data as HostBenchRequest).then(
    (reply) => parent.postMessage(reply),
    (error: unknown) => parent.postMessage({ type: 'failed', reason: String(error) }),
  );
});
