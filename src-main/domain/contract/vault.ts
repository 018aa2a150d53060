/**
 * Users, roles and the state of the vault, as they cross the border between main and the page.
 * Passphrases and recovery words cross it inwards only; words once outwards, when they are made.
 */
import * as z from 'zod';
import { problemSchema } from './errors';

export const roleSchema = z.enum(['doctor', 'administrator', 'auditor']);
/**
 * `doctor` reads and writes records; `administrator` keeps users and policy and reads no record;
 * `auditor` reads the audit log and nothing else, and can hold no other role.
 */
export type Role = z.infer<typeof roleSchema>;

export const rolesSchema = z
  .array(roleSchema)
  .min(1)
  .max(2)
  .refine((roles) => new Set(roles).size === roles.length)
  .refine((roles) => !roles.includes('auditor') || roles.length === 1);

const nameField = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    // One line: these stand in lists, signatures and exports.
    .regex(/^[^\p{Cc}\p{Surrogate}\u2028\u2029]+$/u);

/** What a person types of a user. */
export const userDetailsSchema = z.object({
  name: nameField(40),
  /** 职称; may be empty. */
  title: z.union([z.literal(''), nameField(40)]),
  /** 工号; one of a kind on this workstation. */
  staffNumber: nameField(40),
  roles: rolesSchema,
});
export type UserDetails = z.infer<typeof userDetailsSchema>;

export const userIdSchema = z.uuid();

export const userSchema = userDetailsSchema.extend({
  id: userIdSchema,
  /** Ed25519 public key, 64 hexadecimal digits; confirmations and anchors are checked with it. */
  signPublic: z.string().regex(/^[0-9a-f]{64}$/),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  /** A doctor whom no other doctor has let in yet: an administrator made the account alone. */
  waitsForAccess: z.boolean(),
});
export type User = z.infer<typeof userSchema>;

/**
 * Longest passphrase, UTF-16 code units. Longer input is refused before anything is computed with it.
 */
export const maxPassphraseChars = 512;
/** Refused by its length in the handler, with words for a person; the border only bounds it. */
export const passphraseInputSchema = z.string().max(64 * 1024 * 1024);
export const wordsInputSchema = z.string().max(4096);

export const lockReasonSchema = z.enum([
  'asked',
  'idle',
  'system-lock',
  'sleep',
  'user-removed',
  'quit',
]);
export type LockReason = z.infer<typeof lockReasonSchema>;

/** Who may be chosen on the lock screen. */
export const knownUserSchema = userSchema.pick({ id: true, name: true, title: true, roles: true });
export type KnownUser = z.infer<typeof knownUserSchema>;

export const vaultStateSchema = z.discriminatedUnion('phase', [
  /** No user yet. `trial` while the samples are being tried: then nothing is stored. */
  z.object({ phase: z.literal('absent'), trial: z.boolean() }),
  z.object({
    phase: z.literal('locked'),
    users: z.array(knownUserSchema),
    lastUserId: userIdSchema.nullable(),
    reason: lockReasonSchema.nullable(),
  }),
  z.object({ phase: z.literal('open'), user: userSchema }),
  /** The keyring cannot be read. */
  z.object({ phase: z.literal('failed'), problem: problemSchema }),
]);
export type VaultState = z.infer<typeof vaultStateSchema>;

/** The recovery key, in both languages' words: either opens the vault. */
export const recoveryWordsSchema = z.object({
  'zh-CN': z.array(z.string()),
  en: z.array(z.string()),
});
export type RecoveryWords = z.infer<typeof recoveryWordsSchema>;

/** New words, and which of them (from 0) a person must repeat before they are in force. */
export const newWordsSchema = z.object({
  words: recoveryWordsSchema,
  ask: z.array(z.int().nonnegative()),
});
export type NewWords = z.infer<typeof newWordsSchema>;

/** Who may use a channel of main. */
export type ChannelAccess =
  /** Also while the vault is locked or does not exist yet. */
  | 'anyone'
  /** Every user who is signed in. */
  | 'user'
  /** Doctors with access, and whoever tries the samples. */
  | 'records'
  /** Doctors, administrators, and whoever tries the samples. */
  | 'models'
  /** Administrators. */
  | 'users'
  /** Auditors and administrators. */
  | 'audit';
