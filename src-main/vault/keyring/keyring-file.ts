/**
 * The keyring's file, format version 1: who may open this vault, each with the secrets that only
 * their passphrase opens. Nothing in it is secret by itself; a copy is as good as its passphrases.
 *
 * Everything but the passphrase boxes (which each user may renew alone, and which authenticate
 * themselves) is under a MAC, so that adding, changing or removing a user needs a member's key.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { AppError } from '../../domain/contract/errors';
import { userDetailsSchema, userIdSchema } from '../../domain/contract/vault';
import { readFully, systemCode, writeAtomically, writeProblem } from '../files';
import { kdfSchema } from './kdf';

export const keyringFileName = 'vault.json';
export const keyringFormat = 1;
/** A thousand users take about one. */
const maxFileBytes = 4 * 1024 * 1024;

const publicKeySchema = z.string().regex(/^[0-9a-f]{64}$/);
const boxSchema = z.base64().max(65_536);

const storedUserSchema = userDetailsSchema.extend({
  id: userIdSchema,
  signPublic: publicKeySchema,
  boxPublic: publicKeySchema,
  createdAt: z.number(),
  waitsForAccess: z.boolean(),
  /** Member's key and data keys, for `boxPublic`; null for an auditor. */
  access: boxSchema.nullable(),
  /** Private halves of both keys, under the passphrase. */
  passphrase: z.object({ kdf: kdfSchema, sealed: boxSchema }),
});
export type StoredUser = z.infer<typeof storedUserSchema>;

/** A signing key that signs no more: its user was removed, or was given new keys. */
const retiredKeySchema = userDetailsSchema.extend({
  userId: userIdSchema,
  signPublic: publicKeySchema,
  from: z.number(),
  until: z.number(),
});
export type RetiredKey = z.infer<typeof retiredKeySchema>;

const keyringSchema = z.object({
  format: z.literal(keyringFormat),
  /** 32 hexadecimal digits. */
  vaultId: z.string().regex(/^[0-9a-f]{32}$/),
  /** Counts the changes, so that an older copy can be told. */
  revision: z.int().positive(),
  users: z.array(storedUserSchema).min(1).max(1000),
  retired: z.array(retiredKeySchema).max(10_000),
  recovery: z.object({ boxPublic: publicKeySchema, access: boxSchema, createdAt: z.number() }),
  mac: z.string().regex(/^[0-9a-f]{64}$/),
});
export type KeyringFile = z.infer<typeof keyringSchema>;
export type KeyringContent = Omit<KeyringFile, 'mac'>;

/**
 * @returns null where there is none
 * @throws AppError `KEYRING_DAMAGED`, `STORE_NEWER`, `STORE_READ_FAILED`
 */
export async function readKeyring(folder: string): Promise<KeyringFile | null> {
  const path = join(folder, keyringFileName);
  let text: string;
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > maxFileBytes) throw new AppError('KEYRING_DAMAGED');
      const bytes = new Uint8Array(size);
      text = Buffer.from(bytes.subarray(0, await readFully(file, bytes, 0))).toString('utf-8');
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null;
    if (cause instanceof AppError) throw cause;
    throw new AppError('STORE_READ_FAILED', {
      params: { system: systemCode(cause) ?? 'unknown' },
      cause,
    });
  }
  return parseKeyring(text);
}

/** @throws AppError `KEYRING_DAMAGED`, `STORE_NEWER` */
export function parseKeyring(text: string): KeyringFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Dropped: a JSON error quotes what it met.
    throw new AppError('KEYRING_DAMAGED');
  }
  const format = z.object({ format: z.number() }).safeParse(value);
  if (format.success && format.data.format > keyringFormat) {
    throw new AppError('STORE_NEWER', { params: { format: format.data.format } });
  }
  const parsed = keyringSchema.safeParse(value);
  if (!parsed.success) throw new AppError('KEYRING_DAMAGED');
  return parsed.data;
}

/** @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED` */
export async function writeKeyring(folder: string, file: KeyringFile): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(file, null, 1)}\n`);
  await writeAtomically(join(folder, keyringFileName), bytes).catch((error: unknown) => {
    throw writeProblem(error);
  });
}

/** @param memberKey 32 bytes, held by doctors and administrators */
export function sign(content: KeyringContent, memberKey: Uint8Array): KeyringFile {
  return { ...content, mac: macOf(content, memberKey).toString('hex') };
}

export function isAuthentic(file: KeyringFile, memberKey: Uint8Array): boolean {
  return timingSafeEqual(macOf(file, memberKey), Buffer.from(file.mac, 'hex'));
}

function macOf(content: KeyringContent, memberKey: Uint8Array): Buffer {
  return createHmac('sha256', memberKey).update(canonical(content), 'utf-8').digest();
}

/** The order of this list is part of the format. */
function canonical(content: KeyringContent): string {
  return JSON.stringify([
    'chimed/keyring',
    content.format,
    content.vaultId,
    content.revision,
    content.users.map((user) => [
      user.id,
      user.name,
      user.title,
      user.staffNumber,
      user.roles,
      user.signPublic,
      user.boxPublic,
      user.createdAt,
      user.waitsForAccess,
      user.access,
    ]),
    content.retired.map((key) => [
      key.userId,
      key.name,
      key.title,
      key.staffNumber,
      key.roles,
      key.signPublic,
      key.from,
      key.until,
    ]),
    [content.recovery.boxPublic, content.recovery.access, content.recovery.createdAt],
  ]);
}
