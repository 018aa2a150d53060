/** The list of imported models, as it is kept on disk. Nothing clinical is in it. */
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { jobSchema, modelIdSchema } from '../domain/contract/library';
import { modelSettingsSchema } from '../domain/contract/model-settings';
import { measuredSpeedSchema } from '../domain/contract/fit';
import { modelCardSchema } from '../domain/contract/model-card';
import { fileStampSchema, stampOf } from './file-stamp';
import { readModelCard } from './model-card';

const entrySchema = z.object({
  id: modelIdSchema,
  place: z.enum(['copied', 'referenced']),
  path: z.string().min(1),
  card: modelCardSchema,
  /** The file's when it was last hashed. */
  stamp: fileStampSchema,
});
export type LibraryEntry = z.infer<typeof entrySchema>;

const contentSchema = z.object({
  library: z.literal(1),
  models: z.array(entrySchema),
  assignments: z.partialRecord(jobSchema, modelIdSchema),
  active: modelIdSchema.nullable(),
  /** How a model is loaded, where a person changed that. */
  settings: z.partialRecord(modelIdSchema, modelSettingsSchema).default({}),
  /** Tokens a second that a model reached on this machine when it was last used. */
  speeds: z.partialRecord(modelIdSchema, measuredSpeedSchema).default({}),
});
export type LibraryContent = z.infer<typeof contentSchema>;

const fileName = 'library.json';
/** Where a conversion writes, inside the library's folder; nothing in it outlives a start. */
export const conversionFolder = 'converting';
/** Begins the name of what is being copied and has not been found whole yet. */
export const incomingPrefix = 'incoming-';
const mostBytes = 4 * 1024 * 1024;

/**
 * The list in `folder`, with what a crash left put right: half copies go, and whole copies that the
 * list lacks come back, also where the list itself was lost or damaged (it is then kept aside).
 */
export async function readLibrary(folder: string): Promise<LibraryContent> {
  const content = (await readContent(join(folder, fileName))) ?? {
    library: 1,
    models: [],
    assignments: {},
    active: null,
    settings: {},
    speeds: {},
  };
  const known = new Set(content.models.map(({ path }) => path));
  await rm(join(folder, conversionFolder), { recursive: true, force: true });
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const path = join(folder, name);
    if (name.startsWith(incomingPrefix)) {
      await rm(path, { force: true });
    } else if (name.endsWith('.gguf') && !known.has(path)) {
      const card = await readModelCard(path).catch(() => null);
      const stamp = await stampOf(path);
      const whole = card !== null && stamp !== null && card.fileSize === stamp.size;
      if (!whole || content.models.some(({ id }) => id === card.sha256)) continue;
      // Its checksum was only claimed by its card; an impossible time makes the next load take it.
      const unhashed = { ...stamp, mtimeMs: 0 };
      content.models.push({ id: card.sha256, place: 'copied', path, card, stamp: unhashed });
    }
  }
  return content;
}

async function readContent(path: string): Promise<LibraryContent | null> {
  try {
    if ((await stat(path)).size > mostBytes) throw new Error('too large');
    return contentSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!missing) await rename(path, `${path}.damaged`).catch(() => undefined);
    return null;
  }
}

/** Replaces the list as a whole, on the disk when this resolves. */
export async function writeLibrary(folder: string, content: LibraryContent): Promise<void> {
  await writeWhole(join(folder, fileName), JSON.stringify(content, null, 2));
}

/** Replaces a small file so that a crash leaves the old one or the new one. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, 'w');
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}
