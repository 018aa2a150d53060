/**
 * What a backup says of itself: which files, how long, with which SHA-256, and a MAC over all of that
 * under a key made of the data key. So whoever has the data key knows whether a backup is whole and of
 * this vault, before a byte of it is used.
 */
import { createHmac, KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import type { DataKey } from '../domain/sealing/row';
import { readFully, readProblem, systemCode } from './files';
import { sameMac } from './journal-chain';

export const manifestName = 'manifest.json';
const formatVersion = 1;
/** A longer one is not read. */
const maxManifestBytes = 256 * 1024;

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

/** Names stay inside the folder, and nothing but the place of a file is in them. */
export const backupFileNameSchema = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/);

const manifestSchema = z.object({
  format: z.literal(formatVersion),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  /** Of the data key. */
  keyId: hex(8),
  journalId: hex(16),
  /** Where the journal stood. */
  head: z.object({ seq: z.int().nonnegative(), mac: hex(32) }),
  files: z
    .array(z.object({ name: backupFileNameSchema, bytes: z.int().nonnegative(), sha256: hex(32) }))
    .max(64),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type BackupFile = Manifest['files'][number];

const signedSchema = manifestSchema.extend({ mac: hex(32) });
export type SignedManifest = z.infer<typeof signedSchema>;

export function encodeManifest(manifest: Manifest, key: DataKey): Uint8Array {
  const mac = macOf(manifest, key).toString('hex');
  return new TextEncoder().encode(`${JSON.stringify({ ...manifest, mac }, null, 2)}\n`);
}

/**
 * Reads the manifest of a backup; whether it is true is asked of `isTrueManifest`.
 *
 * @throws AppError `BACKUP_INCOMPLETE` when there is none that can be read; `STORE_NEWER`;
 *   `STORE_READ_FAILED`
 */
export async function readManifest(folder: string): Promise<SignedManifest> {
  const bytes = new Uint8Array(maxManifestBytes + 1);
  let got: number;
  try {
    const file = await open(join(folder, manifestName), 'r');
    try {
      got = await readFully(file, bytes, 0);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw new AppError('BACKUP_INCOMPLETE');
    throw readProblem(error);
  }
  if (got > maxManifestBytes) throw new AppError('BACKUP_INCOMPLETE');
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, got)));
  } catch (cause) {
    throw new AppError('BACKUP_INCOMPLETE', { cause });
  }
  const version = z.object({ format: z.int() }).safeParse(value);
  if (version.success && version.data.format > formatVersion) {
    throw new AppError('STORE_NEWER', { params: { format: version.data.format } });
  }
  const parsed = signedSchema.safeParse(value);
  if (!parsed.success) throw new AppError('BACKUP_INCOMPLETE', { cause: parsed.error });
  return parsed.data;
}

export function isTrueManifest({ mac, ...manifest }: SignedManifest, key: DataKey): boolean {
  return sameMac(macOf(manifest, key), Buffer.from(mac, 'hex'));
}

function macOf(manifest: Manifest, key: DataKey): Buffer {
  // The schema gives the keys of the objects one order, whatever the file had.
  const canonical = JSON.stringify(manifestSchema.parse(manifest));
  return createHmac('sha256', KeyObject.from(key)).update(canonical).digest();
}
