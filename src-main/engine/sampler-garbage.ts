/**
 * node-llama-cpp makes a sampler for every evaluation of its own, with a table of all words of the vocabulary, and gives
 * the table back only when JavaScript's garbage is collected. Nothing tells the collector how large it is:
 * without help the built-in model keeps some 500 MB of them, and one with 64,000 words gigabytes.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Of one word in such a table, bytes: its number, its logit, its probability. */
const candidateBytes = 12;
/** Tables that may wait to be collected, bytes. Collecting takes some 20 ms, for which nothing else runs. */
const mostBytes = 64 * 1024 * 1024;

/** Of all models of this process. */
let waitingBytes = 0;
let collect: (() => void) | null = null;

export class SamplerGarbage {
  readonly #tableBytes: number;

  /** @param vocabulary how many words the model has */
  constructor(vocabulary: number) {
    this.#tableBytes = vocabulary * candidateBytes;
  }

  /** To be called after each evaluation by the library's own hand. */
  add(): void {
    waitingBytes += this.#tableBytes;
    if (waitingBytes < mostBytes) return;
    waitingBytes = 0;
    collect ??= collector();
    collect();
  }
}

function collector(): () => void {
  // A context that is made while the flag is set has the function; nothing else is given it.
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof gc === 'function' ? () => void gc() : () => undefined;
}
