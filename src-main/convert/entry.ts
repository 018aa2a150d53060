/** Entry of the converter, a utility process that does one conversion and is then ended. */
import '../offline/begin';
import { join } from 'node:path';
import { problemOf } from '../domain/contract/errors';
import { parentPort } from '../domain/contract/process-port';
import { toConverterSchema, type ConversionOrder, type FromConverter } from './control';
import { convertModel } from './convert-model';
import { hashInThread } from './hash-in-thread';
import type { QuantizeJob, QuantizerProcess } from './quantize';

/** Milliseconds between two reports of progress. */
const reportEvery = 100;

/** Built, it lies beside this file. */
const hashThread = join(import.meta.dirname, 'hasher.js');

const parent = parentPort();
const tell = (message: FromConverter): void => parent.postMessage(message);
const abort = new AbortController();
let onLog: (text: string) => void = () => undefined;
let onEnd: (code: number | null) => void = () => undefined;

parent.on('message', ({ data }) => {
  const parsed = toConverterSchema.safeParse(data);
  if (!parsed.success) return;
  const message = parsed.data;
  switch (message.type) {
    case 'convert':
      void convert(message.order);
      return;
    case 'cancel':
      abort.abort();
      return;
    case 'quantizer-log':
      onLog(message.text);
      return;
    case 'quantizer-ended':
      onEnd(message.code);
      return;
    default:
      message satisfies never;
  }
});

async function convert({
  folder,
  out,
  type,
  threads,
  tool,
  library,
}: ConversionOrder): Promise<void> {
  let reported = 0;
  try {
    const { card } = await convertModel(
      folder,
      out,
      {
        startQuantizer,
        startHashThread: (paths, hashing) => hashInThread(hashThread, paths, hashing),
        library,
      },
      {
        type,
        threads,
        tool,
        signal: abort.signal,
        onProgress: (step, done, total) => {
          const now = performance.now();
          if (now - reported < reportEvery && done < total) return;
          reported = now;
          tell({ type: 'progress', step, done, total });
        },
      },
    );
    tell({ type: 'done', card });
  } catch (error) {
    if (abort.signal.aborted) tell({ type: 'cancelled' });
    else tell({ type: 'problem', problem: problemOf(error) });
  }
}

/** A quantizer that main starts for this process. */
function startQuantizer(job: QuantizeJob): QuantizerProcess {
  const ended = new Promise<number | null>((resolve) => {
    onEnd = resolve;
  });
  tell({ type: 'quantize', job });
  return {
    onLog: (listener) => {
      onLog = listener;
    },
    ended,
    kill: () => tell({ type: 'kill-quantizer' }),
  };
}
