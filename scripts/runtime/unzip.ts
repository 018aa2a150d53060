import { createWriteStream } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openPromise, type Entry } from 'yauzl';

/** What an archive may unpack to; sizes in bytes, counted over the entries that are kept. */
export interface UnzipLimits {
  readonly entries: number;
  readonly bytes: number;
}

const typeMask = 0o170000;
const linkType = 0o120000;

/**
 * Unpacks one folder of a zip archive, with permissions.
 *
 * @param archive path of the .zip.
 * @param folder the archive's top folder; its content lands directly in `into`.
 * @param into an existing empty folder; nothing is written outside it.
 * @param keep decides by path (relative to `folder`, '/' between parts) what is unpacked.
 * @throws Error if an entry is a link or would leave `into`, a limit is passed, or the archive is damaged.
 */
export async function unzipFolder(
  archive: string,
  folder: string,
  into: string,
  limits: UnzipLimits,
  keep: (path: string) => boolean,
): Promise<void> {
  const root = resolve(into);
  const zip = await openPromise(archive, { lazyEntries: true, autoClose: false });
  let entries = 0;
  let bytes = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.startsWith(`${folder}/`)) continue;
      const path = entry.fileName.slice(folder.length + 1);
      if (path === '' || !keep(path)) continue;
      entries += 1;
      // yauzl refuses an entry whose data is longer than the size it declares.
      bytes += entry.uncompressedSize;
      if (entries > limits.entries || bytes > limits.bytes)
        throw new Error(`the archive is larger than expected at ${path}`);
      await place(entry, inside(root, path), () => zip.openReadStreamPromise(entry));
    }
  } finally {
    zip.close();
  }
}

function inside(root: string, path: string): string {
  const target = resolve(root, path);
  if (target !== root && !target.startsWith(root + sep))
    throw new Error(`the archive would write outside its folder: ${path}`);
  return target;
}

async function place(entry: Entry, target: string, read: () => Promise<Readable>): Promise<void> {
  const mode = entry.externalFileAttributes >>> 16;
  if (entry.fileName.endsWith('/')) {
    await mkdir(target, { recursive: true });
    return;
  }
  // A chain of links can lead out of the folder although each looks harmless, and a runtime for
  // Linux or Windows holds none: so none is made.
  if ((mode & typeMask) === linkType)
    throw new Error(`the archive holds a link: ${entry.fileName}`);
  await mkdir(dirname(target), { recursive: true });
  await pipeline(await read(), createWriteStream(target, { flags: 'wx' }));
  await chmod(target, (mode & 0o111) === 0 ? 0o644 : 0o755);
}
