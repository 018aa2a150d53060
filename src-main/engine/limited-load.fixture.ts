/**
 * Loads a model in a process of its own, which a test gives little memory, and prints the problem:
 * `limited-load.fixture.ts FILE CONTEXT SEQUENCES`.
 */
import { problemOf } from '../domain/contract/errors';
import { loadLlamaModel } from './load-llama-model';

const [path = '', contextSize, sequences] = process.argv.slice(2);
try {
  const model = await loadLlamaModel({
    path,
    contextSize: Number(contextSize),
    sequences: Number(sequences),
    backend: 'cpu',
    threads: 1,
  });
  await model.dispose();
  process.stdout.write(JSON.stringify({ code: 'LOADED' }));
} catch (error) {
  process.stdout.write(JSON.stringify(problemOf(error)));
}
