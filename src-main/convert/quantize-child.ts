/**
 * The child process of `quantize`, forked by Node or started as a utility process: one call into the
 * engine's library, then the end. The job comes as JSON in the first argument.
 */
import '../offline/begin';
import koffi from 'koffi';
import { quantizeJobSchema } from './quantize';
import { quantizeParameters } from './quantize-parameters';

/** Rows that the engine holds at once; its default of 8 GiB is a desktop's whole memory. */
const bufferBytes = 512 * 1024 * 1024;

const job = quantizeJobSchema.parse(JSON.parse(process.argv[2] ?? ''));
// Who started it may die without a word; a file that nobody waits for is not worth an hour of work.
process.on('disconnect', () => process.exit(1));

const library = koffi.load(job.library, { deep: true });
const parameters = quantizeParameters();
const defaults = library.func('llama_model_quantize_default_params', parameters, []);
const quantize = library.func('llama_model_quantize', 'uint32', [
  'str',
  'str',
  koffi.pointer(parameters),
]);
library.func('llama_backend_init', 'void', [])();

const settings = {
  ...(defaults() as Record<string, unknown>),
  nthread: job.threads,
  ftype: job.fileType,
  max_buf_size: bufferBytes,
};
quantize.async(job.source, job.target, settings, (error: unknown, result: number) => {
  if (error) process.stderr.write('failed to call the engine\n');
  process.exit(error || result !== 0 ? 1 : 0);
});
