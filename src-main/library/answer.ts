/** What the probe process does when asked; also how tests ask without a process. */
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { problemOf } from '../domain/contract/errors';
import { recognised } from './catalog';
import { copyModel } from './copy-model';
import { freeBytes } from './free-space';
import { checkGgufStructure, inspectGguf } from './gguf-structure';
import { readModelCard } from './model-card';
import { modelFootprint } from './model-footprint';
import type { Answer, Question } from './probe-messages';
import type { HashOptions } from './sha256';
import { templateOf } from './template-of-file';
import { verifyModel } from './verify';
import { volumeOf } from './volume';

/** Never rejects: what goes wrong is an answer. */
export async function answer(question: Question, options: HashOptions = {}): Promise<Answer> {
  try {
    switch (question.type) {
      case 'verify': {
        const { path, knownSha256 } = question;
        const hash = knownSha256 === undefined ? undefined : () => Promise.resolve(knownSha256);
        const { card, footprint } = await verifyModel(path, options, hash);
        return { type: 'verified', card, footprint };
      }
      case 'copy': {
        const { path, target } = question;
        try {
          const { card, footprint } = await verifyModel(path, options, () =>
            copyModel(path, target, options),
          );
          return { type: 'verified', card, footprint };
        } catch (error) {
          // Whole, but not what its card says.
          await rm(target, { force: true });
          throw error;
        }
      }
      case 'measure': {
        const { header, summary } = await inspectGguf(question.path);
        return { type: 'measured', footprint: modelFootprint(header, summary) };
      }
      case 'template': {
        const { header } = await inspectGguf(question.path);
        return { type: 'template', format: await templateOf(header) };
      }
      case 'examine':
        return { type: 'examined', model: await examined(question) };
      default:
        return question satisfies never;
    }
  } catch (error) {
    return { type: 'problem', problem: problemOf(error) };
  }
}

async function examined({ path, folder }: Extract<Question, { type: 'examine' }>) {
  const summary = await checkGgufStructure(path);
  const card = await readModelCard(path);
  const fileName = basename(path);
  const { architecture, parameters, quantization, context, fileSize } = summary;
  return {
    path,
    fileName,
    fileSize,
    name: card?.name ?? (summary.name === '' ? fileName : summary.name),
    architecture,
    parameters,
    quantization,
    context,
    hasCard: card !== null,
    recognised: recognised(summary)?.name ?? null,
    volume: volumeOf(path),
    freeBytes: await freeBytes(folder),
  };
}
