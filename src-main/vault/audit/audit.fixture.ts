/** What the tests of the audit log share: users with keys, an entry, files to tamper with. */
import { generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { problemOf, type ErrorCode } from '../../domain/contract/errors';
import type { AuditEntry, AuditVerification, NewAuditEntry } from '../../domain/contract/audit';
import { publicHexOf } from '../keyring/boxes';
import type { AuditLog } from './audit-log';
import { segmentName } from './segment';
import type { Sign } from './signed-entry';
import { verifyAudit, type VerifyOptions } from './verify-audit';

export const doctor = '5f0b8c1e-0000-4000-8000-000000000001';
export const nurse = '5f0b8c1e-0000-4000-8000-000000000002';
export const record = '11111111-2222-4333-8444-555555555555';
export const dayMs = 86_400_000;

const keys: Readonly<Record<string, KeyObject>> = {
  [doctor]: generateKeyPairSync('ed25519').privateKey,
  [nurse]: generateKeyPairSync('ed25519').privateKey,
};

export const signAs =
  (userId: string): Sign =>
  (bytes) => ({ userId, signature: signBytes(null, bytes, keys[userId] as KeyObject) });

export function signingKeysOf(userId: string): string[] {
  const key = keys[userId];
  return key ? [publicHexOf(key)] : [];
}

export const viewed = (actor = doctor): NewAuditEntry => ({
  actor,
  event: { kind: 'record-viewed' },
  subject: record,
});

export function anchorOf(log: AuditLog, userId = doctor, seq = 7): Promise<AuditEntry> {
  const state = {
    vaultId: 'ab'.repeat(16),
    journal: { seq, mac: 'cd'.repeat(16) },
    keyring: { revision: 1, mac: 'ef'.repeat(32) },
  };
  return log.anchor(state, signAs(userId), userId);
}

export function verified(
  folder: string,
  options: Partial<VerifyOptions> = {},
): Promise<AuditVerification> {
  return verifyAudit(folder, { signingKeysOf, ...options });
}

export async function code(work: () => unknown): Promise<ErrorCode | 'no error'> {
  try {
    await work();
    return 'no error';
  } catch (error) {
    return problemOf(error).code;
  }
}

/** Whole lines of a segment, its head first. */
export async function linesOf(folder: string, segment = 1): Promise<string[]> {
  return (await readFile(join(folder, segmentName(segment)), 'utf-8')).split('\n').slice(0, -1);
}

export function writeLines(folder: string, lines: readonly string[], segment = 1): Promise<void> {
  return writeFile(join(folder, segmentName(segment)), lines.map((line) => `${line}\n`).join(''));
}
