/**
 * The IPC channels between main and the renderer: one list, shared by preload and router.
 * What is not in this list does not exist.
 */
import * as z from 'zod';
import { auditFilterSchema, auditPageSchema, auditVerificationSchema } from './audit';
import {
  backupScheduleSchema,
  backupStateSchema,
  chosenBackupSchema,
  madeBackupSchema,
} from './backup';
import { lockedBatchSchema, maxBatchPaths } from './batch';
import { clipboardTextSchema } from './clipboard';
import { replyApprovalSchema } from './conversation';
import { conversionStateSchema, conversionTypeSchema } from './conversion';
import { hostStateSchema, hostVitalsSchema } from './host-port';
import { problemSchema } from './errors';
import { modelFitSchema } from './fit';
import {
  examinedModelSchema,
  importStateSchema,
  jobSchema,
  knownModelSchema,
  librarySchema,
  modelIdSchema,
} from './library';
import { modelSettingsSchema } from './model-settings';
import { policySchema } from './policy';
import { chatFormatSchema } from './prompt-format';
import { confirmationSchema } from './review';
import { rotationStateSchema } from './rotation';
import { saveOrderSchema, ticketSchema } from './save-file';
import {
  newWordsSchema,
  passphraseInputSchema,
  userDetailsSchema,
  userIdSchema,
  userSchema,
  vaultStateSchema,
  wordsInputSchema,
  type ChannelAccess,
} from './vault';

export const localeSchema = z.enum(['zh-CN', 'en']);
export type Locale = z.infer<typeof localeSchema>;

export const themeSchema = z.enum(['system', 'light', 'dark']);
export type Theme = z.infer<typeof themeSchema>;

/** Preferences of this desktop; nothing clinical, kept in clear. */
export const settingsSchema = z.object({
  locale: localeSchema,
  theme: themeSchema,
  /** Factor of the interface's size, 1 is 100 %. */
  zoom: z.number().min(0.5).max(2),
  /** Minutes without a hand on mouse or keyboard after which the vault locks. */
  lockMinutes: z.int().min(1).max(15).optional(),
  /** Confidence from which on a question to a record is answered. Defaults to `defaultThreshold`. */
  qaThreshold: z.number().min(0.05).max(0.95).optional(),
  /** Who signed in last, to be chosen on the lock screen. */
  lastUserId: userIdSchema.optional(),
  /**
   * SHA-256 of the model whose one-time notice was read. Optional and without a default: a partial
   * change must not bring one in.
   */
  modelNoticeRead: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});
export type Settings = z.infer<typeof settingsSchema>;

export const appInfoSchema = z.object({
  version: z.string(),
  electron: z.string(),
  /** `registry`: the development runtime; a release never has it. */
  runtime: z.enum(['official', 'registry']),
  platform: z.string(),
});
export type AppInfo = z.infer<typeof appInfoSchema>;

/** State of the worker process as main sees it. */
export const workerStateSchema = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('starting') }),
  z.object({ phase: z.literal('ready') }),
  z.object({ phase: z.literal('restarting'), problem: problemSchema }),
  z.object({ phase: z.literal('failed'), problem: problemSchema }),
]);
export type WorkerState = z.infer<typeof workerStateSchema>;

const nothing = z.undefined();
const answersSchema = z.array(z.string().max(64)).max(12);

/** Renderer -> main, with an answer. */
const droppedPathsSchema = z.object({
  paths: z.array(z.string().min(1).max(4096)).min(1).max(maxBatchPaths),
});

export const invokeChannels = {
  'app.info': { params: nothing, result: appInfoSchema },
  'settings.get': { params: nothing, result: settingsSchema },
  'settings.set': {
    params: settingsSchema.omit({ lastUserId: true }).partial(),
    result: settingsSchema,
  },
  'vault.state': { params: nothing, result: vaultStateSchema },
  /** What the information office has set for this machine. */
  'policy.get': { params: nothing, result: policySchema },
  /** Lets the samples be tried without a user; nothing is stored then. */
  'vault.try': { params: nothing, result: nothing },
  /** Makes the first user; the vault exists once the asked words were given to `vault.confirm`. */
  'vault.found': {
    params: z.object({
      details: userDetailsSchema.omit({ roles: true }),
      passphrase: passphraseInputSchema,
    }),
    result: newWordsSchema,
  },
  'vault.confirm': { params: z.object({ answers: answersSchema }), result: nothing },
  'vault.signIn': {
    params: z.object({ userId: userIdSchema, passphrase: passphraseInputSchema }),
    result: nothing,
  },
  /** Sets a new passphrase with the recovery words, and signs in with it. */
  'vault.recover': {
    params: z.object({
      words: wordsInputSchema,
      userId: userIdSchema,
      passphrase: passphraseInputSchema,
    }),
    result: nothing,
  },
  'vault.lock': { params: nothing, result: nothing },
  /** The page has put away what was not saved yet: the lock need not wait any longer. */
  'vault.put-away': { params: nothing, result: nothing },
  /** Changes the data key, behind the own passphrase. How it goes is pushed; the page begins anew after it. */
  'rotation.start': { params: z.object({ passphrase: passphraseInputSchema }), result: nothing },
  'rotation.state': { params: nothing, result: rotationStateSchema },
  /** How it went was shown. */
  'rotation.seen': { params: nothing, result: nothing },
  /** New recovery words; the old ones hold until `recovery.confirm`. */
  'recovery.renew': { params: nothing, result: newWordsSchema },
  'recovery.confirm': { params: z.object({ answers: answersSchema }), result: nothing },
  'users.list': { params: nothing, result: z.array(userSchema) },
  /** Names of everybody who ever had an account, for what they did. */
  'users.names': {
    params: nothing,
    result: z.array(z.object({ id: userIdSchema, name: z.string() })),
  },
  'users.add': {
    params: z.object({ details: userDetailsSchema, passphrase: passphraseInputSchema }),
    result: userSchema,
  },
  'users.remove': { params: z.object({ id: userIdSchema }), result: nothing },
  /** Gives another user new keys under a new passphrase. */
  'users.reset': {
    params: z.object({ id: userIdSchema, passphrase: passphraseInputSchema }),
    result: nothing,
  },
  /** Changes one's own passphrase. */
  'users.passphrase': {
    params: z.object({ current: passphraseInputSchema, next: passphraseInputSchema }),
    result: nothing,
  },
  'backup.state': { params: nothing, result: backupStateSchema },
  /** Shows the system's dialog for where backups go; nothing changes when a person closes it. */
  'backup.choose': { params: nothing, result: nothing },
  'backup.schedule': { params: z.object({ schedule: backupScheduleSchema }), result: nothing },
  'backup.now': { params: nothing, result: madeBackupSchema },
  /** Backups of this workstation that may still be read, newest first. */
  'backup.known': { params: nothing, result: z.array(madeBackupSchema) },
  /** Leaves data that cannot be opened, for the gate, where a backup can be restored. */
  'restore.offer': { params: nothing, result: nothing },
  /** Shows the system's dialog for a backup; null when a person closed it. */
  'restore.choose': { params: nothing, result: chosenBackupSchema.nullable() },
  /** Restores the backup that was chosen, with a passphrase or the recovery words of its time. */
  'restore.run': {
    params: z.union([
      z.strictObject({ userId: userIdSchema, passphrase: passphraseInputSchema }),
      z.strictObject({ words: wordsInputSchema }),
    ]),
    result: nothing,
  },
  /** Destroys all data of this workstation, but for the audit log; then it is as at its first start. */
  'vault.wipe': { params: z.object({ passphrase: passphraseInputSchema }), result: nothing },
  /**
   * Confirms the content of a review (审核确认) in the name of the doctor who is signed in: signed with
   * their key. The worker takes the review with it, and tells the audit log what was confirmed.
   */
  'review.sign': {
    params: z.object({
      recordId: z.uuid(),
      contentSha256: confirmationSchema.shape.contentSha256,
    }),
    result: confirmationSchema,
  },
  /** Approves a drafted reply in the name of the doctor who is signed in, as `review.sign`. */
  'reply.sign': {
    params: z.object({ replyId: z.uuid(), textSha256: replyApprovalSchema.shape.textSha256 }),
    result: replyApprovalSchema,
  },
  /** Copies a reply, if a doctor of this vault approved exactly this text. */
  'reply.copy': {
    params: z.object({
      replyId: z.uuid(),
      text: clipboardTextSchema,
      approval: replyApprovalSchema,
    }),
    result: nothing,
  },
  /** Danger signs of a conversation are on screen. */
  'audit.signs': {
    params: z.object({ replyId: z.uuid(), count: z.int().positive() }),
    result: nothing,
  },
  /** A record's text is on screen. */
  'audit.viewed': { params: z.object({ recordId: z.uuid() }), result: nothing },
  'audit.printed': { params: z.object({ recordId: z.uuid() }), result: nothing },
  'audit.read': {
    params: z.object({ filter: auditFilterSchema, before: z.int().positive().optional() }),
    result: auditPageSchema,
  },
  'audit.verify': { params: nothing, result: auditVerificationSchema },
  /** Shows the system's dialog for where; number of entries, or null when a person closed it. */
  'audit.export': {
    params: z.object({ format: z.enum(['jsonl', 'csv']), filter: auditFilterSchema }),
    result: z.int().nonnegative().nullable(),
  },
  /** Names of everybody who ever had an account, for the log. */
  'audit.people': {
    params: nothing,
    result: z.array(z.object({ id: userIdSchema, name: z.string() })),
  },
  /** Raw bytes of the data key, handed out once per page load; the caller imports and wipes them. */
  'vault.key': {
    params: nothing,
    result: z.object({ keyId: z.string(), bytes: z.instanceof(Uint8Array) }),
  },
  /** Copies; what is copied is taken off the clipboard after a minute and at the end. */
  'clipboard.write': { params: z.object({ text: clipboardTextSchema }), result: nothing },
  /**
   * Shows the system's dialog for saving; a ticket for `files.write` of the worker, or null when a
   * person closed it. Main suggests the name, so that none is made of a record's words.
   */
  'files.save': { params: saveOrderSchema, result: ticketSchema.nullable() },
  /**
   * Shows the system's dialog for records of a batch: files, or a folder. The page gets a ticket for the
   * worker's `batch.examine` and `batch.start`, or null when a person closed it.
   */
  'batch.choose': {
    params: z.object({ what: z.enum(['files', 'folder']) }),
    result: ticketSchema.nullable(),
  },
  /** A ticket for files and folders that a person dropped on the window. */
  'batch.offer': { params: droppedPathsSchema, result: ticketSchema },
  /** Whether a folder is among what a person dropped on the window. */
  'files.anyFolder': { params: droppedPathsSchema, result: z.boolean() },
  /**
   * Shows the system's dialog for an annotated set, or for a file that says what its labels mean. The
   * page gets a ticket for the worker's `evaluation.examine`, or null when a person closed it.
   */
  'evaluation.choose': {
    params: z.object({ what: z.enum(['set', 'labels']) }),
    result: ticketSchema.nullable(),
  },
  /** What the lock screen shows of a batch that goes on meanwhile; null where none does. */
  'batch.locked': { params: nothing, result: lockedBatchSchema.nullable() },
  /** Asks for a fresh port; it arrives as a `chimed.port` window message from the preload. */
  'host.connect': { params: nothing, result: nothing },
  'worker.connect': { params: nothing, result: nothing },
  'host.state': { params: nothing, result: hostStateSchema },
  'worker.state': { params: nothing, result: workerStateSchema },
  /** Starts a failed host again, and tries models again that failed to load. */
  'host.restart': { params: nothing, result: nothing },
  /** Published models that the program knows; it downloads none. */
  'library.catalog': { params: nothing, result: z.array(knownModelSchema) },
  'library.get': { params: nothing, result: librarySchema },
  /** Shows the system's dialog; null when a person closed it. */
  'library.choose': { params: nothing, result: z.string().min(1).nullable() },
  /** What a file is, before it is imported; nothing is kept of it. */
  'library.examine': {
    params: z.object({ path: z.string().min(1) }),
    result: examinedModelSchema,
  },
  /** Begins; how it goes is pushed as `library.import`. */
  'library.import': {
    params: z.object({ path: z.string().min(1), place: z.enum(['copied', 'referenced']) }),
    result: nothing,
  },
  'library.import.state': { params: nothing, result: importStateSchema },
  'library.import.control': {
    params: z.object({ action: z.enum(['pause', 'resume', 'cancel']) }),
    result: nothing,
  },
  /** Shows the system's dialog for where a missing file is now; false when a person closed it. */
  'library.locate': { params: z.object({ id: modelIdSchema }), result: z.boolean() },
  /** Takes a model off the list; a copy that the program made is deleted, a person's own file is not. */
  'library.remove': { params: z.object({ id: modelIdSchema }), result: nothing },
  /** Whether a model would fit now, with these settings or with its own. */
  'library.fit': {
    params: z.object({ id: modelIdSchema, settings: modelSettingsSchema.optional() }),
    result: modelFitSchema,
  },
  /** Keeps how a model is loaded; one that is in memory is loaded anew with them. */
  'library.settings': {
    params: z.object({ id: modelIdSchema, settings: modelSettingsSchema }),
    result: nothing,
  },
  /** Shows the system's dialog for the folder of a checkpoint; null when a person closed it. */
  'conversion.choose': { params: nothing, result: z.string().min(1).nullable() },
  /** Begins; how it goes is pushed. The result goes into the library. */
  'conversion.start': {
    params: z.object({ folder: z.string().min(1), type: conversionTypeSchema }),
    result: nothing,
  },
  'conversion.cancel': { params: nothing, result: nothing },
  'conversion.state': { params: nothing, result: conversionStateSchema },
  /** Prompt formats that a person may choose among. */
  'library.formats': { params: nothing, result: z.array(chatFormatSchema) },
  /** Speaks to a model in another format; `file-template` is the one that its file brings. */
  'library.format': {
    params: z.object({ id: modelIdSchema, format: z.string().min(1) }),
    result: nothing,
  },
  /** Null goes back to the rule. */
  'library.assign': {
    params: z.object({ job: jobSchema, id: modelIdSchema.nullable() }),
    result: nothing,
  },
  /** Puts an imported model into memory in place of the one before; null takes it out. */
  'library.activate': { params: z.object({ id: modelIdSchema.nullable() }), result: nothing },
} as const;
export type InvokeChannel = keyof typeof invokeChannels;

/** Who may use each channel; the router asks before the handler runs. */
export const channelAccess: Readonly<Record<InvokeChannel, ChannelAccess>> = {
  'app.info': 'anyone',
  'settings.get': 'anyone',
  'settings.set': 'anyone',
  'vault.state': 'anyone',
  'policy.get': 'anyone',
  'vault.try': 'anyone',
  'vault.found': 'anyone',
  'vault.confirm': 'anyone',
  'vault.signIn': 'anyone',
  'vault.recover': 'anyone',
  'vault.lock': 'user',
  'vault.put-away': 'user',
  'rotation.start': 'records',
  'rotation.state': 'records',
  'rotation.seen': 'records',
  'recovery.renew': 'records',
  'recovery.confirm': 'records',
  'users.list': 'user',
  'users.names': 'user',
  'users.add': 'users',
  'users.remove': 'users',
  'users.reset': 'users',
  'users.passphrase': 'user',
  'backup.state': 'records',
  'backup.choose': 'records',
  'backup.schedule': 'records',
  'backup.now': 'records',
  'backup.known': 'records',
  // An auditor keeps no data, and may destroy none.
  'vault.wipe': 'models',
  'restore.offer': 'records',
  'restore.choose': 'anyone',
  'restore.run': 'anyone',
  'review.sign': 'records',
  'reply.sign': 'records',
  'reply.copy': 'records',
  'audit.signs': 'records',
  'audit.viewed': 'records',
  'audit.printed': 'records',
  'audit.read': 'audit',
  'audit.verify': 'audit',
  'audit.export': 'audit',
  'audit.people': 'audit',
  'vault.key': 'records',
  'clipboard.write': 'records',
  'files.save': 'records',
  'batch.choose': 'records',
  'batch.offer': 'records',
  'files.anyFolder': 'records',
  'evaluation.choose': 'records',
  'batch.locked': 'anyone',
  'host.connect': 'records',
  'worker.connect': 'records',
  'host.state': 'anyone',
  'worker.state': 'anyone',
  'host.restart': 'models',
  'library.catalog': 'models',
  'library.get': 'models',
  'library.choose': 'models',
  'library.examine': 'models',
  'library.import': 'models',
  'library.import.state': 'models',
  'library.import.control': 'models',
  'library.locate': 'models',
  'library.remove': 'models',
  'library.fit': 'models',
  'library.settings': 'models',
  'conversion.choose': 'models',
  'conversion.start': 'models',
  'conversion.cancel': 'models',
  'conversion.state': 'models',
  'library.formats': 'models',
  'library.format': 'models',
  'library.assign': 'models',
  'library.activate': 'models',
};
export type InvokeParams<C extends InvokeChannel> = z.input<(typeof invokeChannels)[C]['params']>;
export type InvokeResult<C extends InvokeChannel> = z.output<(typeof invokeChannels)[C]['result']>;

/** Main -> renderer, without an answer. */
export const pushChannels = {
  'host.state': hostStateSchema,
  'worker.state': workerStateSchema,
  'host.vitals': hostVitalsSchema,
  'library.changed': librarySchema,
  'library.import': importStateSchema,
  'conversion.state': conversionStateSchema,
  'vault.state': vaultStateSchema,
  /** Something went wrong that no request asked for. */
  problem: problemSchema,
  'backup.state': backupStateSchema,
  'rotation.state': rotationStateSchema,
  /** Counts of a batch that goes on while it is locked. */
  'batch.locked': lockedBatchSchema.nullable(),
  /** The vault locks, or the window closes, in a moment: what is not saved yet is put away now. */
  'vault.locking': z.object({ withinMs: z.number() }),
  /** A menu item or global shortcut asks the page to do something. */
  'menu.command': z.enum(['record.new', 'record.open', 'help.shortcuts', 'extraction.run']),
} as const;
export type PushChannel = keyof typeof pushChannels;
export type PushPayload<C extends PushChannel> = z.output<(typeof pushChannels)[C]>;

/** How an answer crosses: errors are values, because Electron flattens thrown ones to a string. */
export type InvokeReply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: z.output<typeof problemSchema> };

/** Name of the ports that main brokers. */
export type PortName = 'host' | 'worker';

/** What the preload posts to its own page together with the port. */
export interface PortMessage {
  readonly type: 'chimed.port';
  readonly name: PortName;
}

/** The one object that the preload puts on `window`. */
export interface Bridge {
  invoke<C extends InvokeChannel>(
    channel: C,
    ...params: InvokeParams<C> extends undefined ? [] : [InvokeParams<C>]
  ): Promise<InvokeReply>;
  /** @returns the way to stop listening */
  subscribe<C extends PushChannel>(
    channel: C,
    listener: (payload: PushPayload<C>) => void,
  ): () => void;
  /** Where a file that a person dropped lies; empty for what is no file of the disk. */
  pathOf(file: File): string;
}
