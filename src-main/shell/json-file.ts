/** Small JSON files of this desktop's preferences: nothing clinical, losing one loses only comfort. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type * as z from 'zod';

const mostBytes = 64 * 1024;

/** The file's content, or null when it is missing, too large or not of the schema. */
export function readJsonFile<S extends z.ZodType>(path: string, schema: S): z.output<S> | null {
  try {
    if (statSync(path).size > mostBytes) return null;
    const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Replaces the file as a whole. */
export function writeJsonFile(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.new`;
  writeFileSync(beside, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(beside, path);
}
