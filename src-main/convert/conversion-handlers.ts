/** What the page asks about converting a released checkpoint. */
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ConversionType } from '../domain/contract/conversion';
import { AppError } from '../domain/contract/errors';
import type { HandlersOf, PathDialogs } from '../domain/contract/ipc-handlers';
import { conversionFolder } from '../library/library-file';
import type { ConversionSupervisor } from './supervisor';

export interface ConversionParts {
  readonly conversion: ConversionSupervisor;
  readonly dialogs: PathDialogs;
  /** @throws AppError `NETWORK_PATH` */
  checkPath(path: string): string;
  /** Of the model library; what is made lies in a folder of it until it is adopted. */
  readonly modelsFolder: string;
  readonly threads: number;
  /** Name and version, for the file's metadata. */
  readonly tool: string;
  /** Path of llama.cpp's library, asked for when it is needed. */
  nativeLibrary(): string;
}

export function conversionHandlers(parts: ConversionParts): HandlersOf<'conversion'> {
  const { conversion, dialogs, checkPath } = parts;
  return {
    'conversion.choose': (_nothing, sender) =>
      dialogs.choosePath(sender, { properties: ['openDirectory'] }),
    'conversion.start': ({ folder, type }) => start(parts, checkPath(folder), type),
    'conversion.cancel': () => conversion.cancel(),
    'conversion.state': () => conversion.state,
  };
}

/** @throws AppError `CONVERSION_BUSY` */
async function start(parts: ConversionParts, folder: string, type: ConversionType): Promise<void> {
  const { conversion, modelsFolder, threads, tool, nativeLibrary } = parts;
  if (conversion.state.phase === 'running') throw new AppError('CONVERSION_BUSY');
  const place = join(modelsFolder, conversionFolder);
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  conversion.start({
    ...{ folder, type, threads, tool },
    out: join(place, `${basename(folder)}-${type}.gguf`),
    library: nativeLibrary(),
  });
}
