/**
 * `tsx scripts/bench/host-memory.ts [--few 100] [--many 10000] [--model FILE]`: resident memory of the model host
 * after many short notes of a batch against few: the built-in model as the host loads it, its queue and its
 * port, in one process. Ten minutes for 10,000 notes. Wanted: at most 1.1.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { hostMethods } from '../../src-main/domain/contract/host-port';
import { RpcClient, serve, type Port } from '../../src-main/domain/contract/rpc';
import { ModelService } from '../../src-main/host/model-service';
import { ModelSlots } from '../../src-main/host/model-slots';
import { builtInPlan } from '../../src-main/library/built-in-plan';
import { findDefaultModel } from '../../src-main/library/default-model';
import { verifyModel } from '../../src-main/library/verify';
import { projectRoot } from '../project';
import { PlainError, runScript, say } from '../terminal';
import { runAsTheHost } from './as-the-host';
import { notesOf } from './batch-notes';

/** As many as a batch has with the model: one for each of its sequences, and one at hand. */
const lanes = 5;
/** Notes between two lines that say how far it is. */
const reportEvery = 1_000;

const megabytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MB`;

function adapt(port: MessagePort): Port {
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on('message', listener),
    onClose: (listener) => void port.on('close', listener),
    close: () => port.close(),
  };
}

runAsTheHost();
await runScript(async () => {
  const { values } = parseArgs({
    options: {
      few: { type: 'string', default: '100' },
      many: { type: 'string', default: '10000' },
      model: { type: 'string' },
    },
  });
  const [few, many] = [Number(values.few), Number(values.many)];
  const path = values.model ?? (await findDefaultModel({ modelsDir: join(projectRoot, 'models') }));
  const { card } = await verifyModel(path);
  const slots = new ModelSlots((state) => {
    if (state.phase === 'failed') throw new PlainError('The model could not be loaded.');
  });
  await slots.load({ slot: 'built-in', path, card, plan: builtInPlan(card) });
  const { port1, port2 } = new MessageChannel();
  serve(adapt(port1), hostMethods, new ModelService(slots).handlers);
  const client = new RpcClient(adapt(port2), hostMethods);
  const notes = await notesOf(few);
  let next = 0;
  let failed = 0;
  const upTo = async (end: number): Promise<number> => {
    const lane = async (): Promise<void> => {
      while (next < end) {
        const number = next++;
        // Each one is another text, as those of a batch are.
        const text = `${notes[number % notes.length] ?? ''}编号${number}。`;
        const asked = { text, schema: 'ccks2019', priority: 'batch' } as const;
        const { status } = await client.call('extraction.run', asked);
        if (status !== 'completed') failed += 1;
        if (number % reportEvery === reportEvery - 1) {
          const { rss, heapUsed } = process.memoryUsage();
          say(`${number + 1}: ${megabytes(rss)}, ${megabytes(heapUsed)} of it JavaScript`);
        }
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return process.memoryUsage.rss();
  };
  const before = await upTo(few);
  const after = await upTo(many);
  client.close({ code: 'PORT_CLOSED' });
  await slots.unload('built-in');
  say(
    `${megabytes(after)} after ${many} notes, ${megabytes(before)} after ${few}, ${failed} failed`,
  );
  const ratio = after / before;
  say(`${ratio <= 1.1 ? 'met   ' : 'MISSED'} ${ratio.toFixed(2)}, wanted <= 1.1`);
  return 0;
});
process.exit();
