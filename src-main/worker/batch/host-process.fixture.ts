/**
 * A process in the place of the model host, which answers over its channel until it is killed. Each record
 * takes it a random time. Argument: seed.
 */
import { AppError } from '../../domain/contract/errors';
import { hostMethods } from '../../domain/contract/host-port';
import { serve } from '../../domain/contract/rpc';
import { resultOf } from './batch.fixture';

let seed = Number(process.argv[2] ?? '1');
/** Below `limit`. */
const random = (limit: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * limit);
};
const refused = (): Promise<never> => Promise.reject(new AppError('BAD_REQUEST'));

serve(
  {
    post: (message) => void process.send?.(message),
    onMessage: (listener) => void process.on('message', listener),
    onClose: (listener) => void process.on('disconnect', listener),
    close: () => process.disconnect(),
  },
  hostMethods,
  {
    'extraction.run': async (request) => {
      await new Promise((resolve) => setTimeout(resolve, random(8)));
      return resultOf(request);
    },
    ...{ 'prompt.preview': refused, 'qa.ask': refused, 'qa.preview': refused },
    ...{ 'dialogue.draft': refused, 'dialogue.preview': refused },
  },
);
