/** `chimed model convert`: a released checkpoint becomes a model file. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { convertModel, keptSourcePath } from '../convert/convert-model';
import type { ConversionPhase, ConversionType } from '../domain/contract/conversion';
import { forkQuantizer } from '../convert/fork-quantizer';
import { hashInThread, type StartHashThread } from '../convert/hash-in-thread';
import type { QuantizeJob, QuantizerProcess } from '../convert/quantize';
import { AppError } from '../domain/contract/errors';
import { formatterFor, messagesFor } from '../domain/messages';
import { libllamaPath } from '../engine/native-library';
import { cardPathOf } from '../library/model-card';
import { Interruption } from './interruption';
import { standardOutput } from './output';
import { exitCodes, locale, note, ProgressLine } from './terminal';

export interface ConvertCommandOptions {
  readonly folder: string;
  readonly out: string;
  readonly type: ConversionType;
  readonly keepSource: boolean;
  readonly format: 'text' | 'json';
  readonly force: boolean;
  readonly threads?: number;
}

/**
 * @param tool this program and its version, for the file's provenance
 * @returns the exit code: 0, or 130 or 143 where it was interrupted
 * @throws AppError `OUTPUT_EXISTS`, and those of `convertModel`
 */
export async function convertCommand(
  options: ConvertCommandOptions,
  tool: string,
): Promise<number> {
  const { folder, out, type, keepSource, force } = options;
  const written = [out, cardPathOf(out), ...(keepSource ? [keptSourcePath(out)] : [])];
  const existing = force ? undefined : written.find((path) => existsSync(path));
  if (existing !== undefined) throw new AppError('OUTPUT_EXISTS', { params: { path: existing } });
  const interruption = new Interruption();
  const texts = messagesFor(locale).conversion;
  const { integer } = formatterFor(locale);
  const progress = new ConversionProgress();
  try {
    const { card, source } = await convertModel(
      folder,
      out,
      { startQuantizer, startHashThread, library: libllamaPath() },
      {
        type,
        keepSource,
        tool,
        threads: options.threads ?? availableParallelism(),
        signal: interruption.signal,
        onProgress: (phase, done, total) => progress.show(phase, done, total),
      },
    );
    progress.clear();
    const { parameters, quantization } = card.shape;
    const lines = [
      texts.done(out, integer(parameters), quantization, integer(card.fileSize)),
      texts.checksum(card.sha256),
      ...(source === null ? [] : [texts.kept(source)]),
    ];
    const text = options.format === 'json' ? JSON.stringify(card) : lines.join('\n');
    await standardOutput().write(`${text}\n`);
    return exitCodes.ok;
  } catch (error) {
    progress.clear();
    if (interruption.exitCode === null) throw error;
    note(texts.interrupted);
    return interruption.exitCode;
  }
}

/** A process of its own: the engine's library may end it, and only its end stops the work. */
function startQuantizer(job: QuantizeJob): QuantizerProcess {
  return forkQuantizer(entryOf('quantizer.js', 'quantize-child.ts'), job);
}

const startHashThread: StartHashThread = (paths, hashing) =>
  hashInThread(entryOf('hasher.js', 'hash-thread.mjs'), paths, hashing);

/** Built, everything lies in one folder; from source, in the room of conversion. */
function entryOf(built: string, source: string): string {
  const path = join(import.meta.dirname, built);
  return existsSync(path) ? path : join(import.meta.dirname, '..', 'convert', source);
}

/** A line with the step, its share, and how long it will go on at the pace so far. */
class ConversionProgress {
  readonly #line = new ProgressLine();
  #phase: ConversionPhase | null = null;
  #begun = 0;
  #shown = 0;

  show(phase: ConversionPhase, done: number, total: number): void {
    const now = performance.now();
    if (phase !== this.#phase) {
      this.#phase = phase;
      this.#begun = now;
    } else if (now - this.#shown < 100) {
      return;
    }
    this.#shown = now;
    const texts = messagesFor(locale).conversion;
    const { percent } = formatterFor(locale);
    const share = total === 0 ? 1 : done / total;
    this.#line.show(texts.progress(texts.phase[phase], percent(share), this.#left(share, now)));
  }

  clear(): void {
    this.#line.clear();
  }

  /** Empty until there is a pace to go by. */
  #left(share: number, now: number): string {
    const spent = now - this.#begun;
    if (spent < 2_000 || share <= 0) return '';
    const texts = messagesFor(locale).conversion;
    const { integer } = formatterFor(locale);
    const seconds = Math.ceil((spent / share - spent) / 1_000);
    return seconds < 90 ? texts.seconds(integer(seconds)) : texts.minutes(integer(seconds / 60));
  }
}
