/** Composition root of the app. */
import './offline/begin';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  nativeTheme,
  powerMonitor,
  powerSaveBlocker,
  session,
  type MessagePortMain,
  type Input,
  type MessageBoxOptions,
} from 'electron';
import { conversionHandlers } from './convert/conversion-handlers';
import { ConversionSupervisor } from './convert/supervisor';
import { AppError, problemOf } from './domain/contract/errors';
import type { Sender } from './domain/contract/ipc-handlers';
import type { ChosenBackup, MadeBackup } from './domain/contract/backup';
import type { BatchSummary } from './domain/contract/batch';
import { lockMinutes } from './domain/contract/policy';
import type { JournalHead } from './domain/contract/audit';
import type { SaveOrder } from './domain/contract/save-file';
import type { LockReason } from './domain/contract/vault';
import {
  settingsSchema,
  type AppInfo,
  type PortName,
  type PushChannel,
  type PushPayload,
  type Settings,
} from './domain/contract/ipc';
import { libllamaPath } from './engine/native-library';
import { ModelDesk } from './host/model-desk';
import { modelHandlers } from './host/model-handlers';
import { HostNewsFeed } from './host/host-news';
import { HostSupervisor } from './host/supervisor';
import { findDefaultModel } from './library/default-model';
import type { AskOptions } from './library/ask';
import { ModelLibrary } from './library/model-library';
import {
  fromProbeSchema,
  type Answer,
  type Question,
  type ToProbe,
} from './library/probe-messages';
import { quitDialogMessages } from './domain/messages/quit-dialog';
import { runChildTask } from './shell/child-task';
import { registerAppScheme, serveApp } from './shell/app-protocol';
import { forbidCoreDumps } from './shell/core-dumps';
import { GuardedClipboard } from './shell/clipboard';
import { installRouter } from './shell/ipc-router';
import { readJsonFile, writeJsonFile } from './shell/json-file';
import { LockTriggers } from './shell/lock-triggers';
import { createMainWindow, showPage } from './shell/main-window';
import { installMenu } from './shell/menu';
import { ChosenPaths } from './shell/network-path';
import { refuseNetworkInChromium } from './shell/network-refusal';
import { pathDialogs, windowOf } from './shell/path-dialogs';
import type { OwnPage } from './shell/own-page';
import { SaveTickets } from './shell/save-tickets';
import { SleepPrevention } from './shell/sleep-prevention';
import { AuditTrail } from './vault/audit/audit-trail';
import { confirmedEntry, type ActsInJournal } from './vault/audit/missing-acts';
import { BackupDesk } from './vault/backup-desk';
import { auditHandlers } from './vault/handlers/audit-handlers';
import { backupHandlers } from './vault/handlers/backup-handlers';
import { signingHandlers } from './vault/handlers/signing-handlers';
import { userHandlers } from './vault/handlers/user-handlers';
import { KeyRotation } from './vault/key-rotation';
import { keyringFileName } from './vault/keyring/keyring-file';
import { policyPath } from './vault/policy';
import { examineBackup, finishRestore, restore, type RestoreProof } from './vault/restore';
import { VaultSession } from './vault/session';
import { Upkeep } from './vault/upkeep';
import { wipeVault } from './vault/wipe';
import { fileHandlers } from './worker/file-handlers';
import { isPending, isWorking, LockedBatchKeys } from './worker/locked-batches';
import { WorkerSupervisor, type LockedBatches, type WorkerStore } from './worker/supervisor';

const out = import.meta.dirname;
const root = join(out, '..', '..');
// Native code maps the model file, so a package keeps it outside its archive.
const modelsDir = join(root.replace(/app\.asar$/, 'app.asar.unpacked'), 'models');
const productName = 'ChiMed Workstation';

app.setName(productName);
registerAppScheme();
// For every renderer there will be. Root, in tests, cannot have Chromium's sandbox at all.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
refuseNetworkInChromium(app);

// Two programs on one journal would be two writers; the second start shows the first window.
if (!app.requestSingleInstanceLock()) app.exit(0);

const userData = app.getPath('userData');
const dataDir = join(userData, 'data');
const settingsFile = join(userData, 'settings.json');

let settings: Settings = readJsonFile(settingsFile, settingsSchema) ?? {
  locale: app.getPreferredSystemLanguages()[0]?.startsWith('en') === true ? 'en' : 'zh-CN',
  theme: 'system',
  zoom: 1,
};

const modelsFolder = join(userData, 'models');
// For development and tests, where other work wants the cores.
const threadsAsked = Number(process.env['CHIMED_THREADS']);
const threads = Number.isInteger(threadsAsked) && threadsAsked > 0 ? threadsAsked : undefined;

const appInfo: AppInfo = {
  version: app.getVersion(),
  electron: process.versions.electron,
  runtime: existsSync(join(dirname(process.execPath), 'prepared.json')) ? 'registry' : 'official',
  platform: process.platform,
};

function push<C extends PushChannel>(channel: C, payload: PushPayload<C>): void {
  for (const window of BrowserWindow.getAllWindows()) window.webContents.send(channel, payload);
}

/** Looks at a model file in a process of its own. */
function askProbe(question: Question, options: AskOptions): Promise<Answer> {
  return runChildTask<Answer>({
    entry: join(out, 'probe.js'),
    serviceName: 'chimed-probe',
    task: { type: 'ask', question } satisfies ToProbe,
    whenItDies: 'MODEL_STRUCTURE',
    signal: options.signal,
    read: (raw) => {
      const message = fromProbeSchema.parse(raw);
      if (message.type !== 'progress') return message;
      options.onProgress?.(message.done, message.total);
      return undefined;
    },
    onStart: (tell) => options.onControl?.((type) => tell({ type } satisfies ToProbe)),
  });
}

const library = new ModelLibrary({
  folder: modelsFolder,
  // Another model to start with, for development and tests; it is verified like any other.
  findBuiltIn: async () => process.env['CHIMED_MODEL'] ?? (await findDefaultModel({ modelsDir })),
  ask: askProbe,
  onChange: (state) => push('library.changed', state),
  onImport: (state) => {
    push('library.import', state);
    if (state.phase !== 'done' || state.already) return;
    audit.tell({ event: { kind: 'model-imported' }, subject: state.modelId });
  },
});

/** A session in memory: before there is a user, the page stores nothing. */
const trialPartition = 'trial';
/** Milliseconds that the page has, before a lock, to put away what is not saved. */
const putAwayMs = 1_500;

const vault = new VaultSession({
  folder: dataDir,
  policyPath: policyPath(process.platform, process.env),
  lastUserId: settings.lastUserId ?? null,
  onState: (state) => {
    push('vault.state', state);
    if (state.phase === 'open') keepSettings({ lastUserId: state.user.id });
  },
  onEvent: (event) => audit.follow(event),
});
const audit = new AuditTrail({
  folder: join(userData, 'audit'),
  vault,
  journalHead: async () => {
    if (worker.state.phase !== 'ready') return null;
    const { head } = await worker.ask({ kind: 'head' });
    return head && { seq: head.seq, mac: head.mac };
  },
  onProblem: (problem) => {
    process.stderr.write(`audit: ${problem.code} ${problem.incident ?? ''}\n`);
    push('problem', problem);
  },
});

const conversion = new ConversionSupervisor({
  converter: join(out, 'converter.js'),
  quantizer: join(out, 'quantizer.js'),
  onState: (state) => push('conversion.state', state),
  adopt: (path, card) => library.adopt(path, card),
});

const hostNews = new HostNewsFeed();
/** Whether the worker of now has a port to the host of now. */
let batchHostReady = false;

/** What the batch queue asks goes from process to process; main only brokers the port. */
function giveHostToWorker(): void {
  const port = host.connect();
  batchHostReady = port !== null;
  if (port) worker.giveHost(port);
}

const lockedBatches = new LockedBatchKeys();
const sleepPrevention = new SleepPrevention(powerSaveBlocker);
let batches: readonly BatchSummary[] = [];

function followBatches(now: readonly BatchSummary[]): void {
  batches = now;
  sleepPrevention.set(isWorking(now));
  if (!lockedBatches.boxes) return;
  lockedBatches.follow(now);
  push('batch.locked', lockedBatches.shown);
}

const host = new HostSupervisor({
  entry: join(out, 'host.js'),
  onState: (state) => {
    push('host.state', state);
    // How the one before ended comes before the port to its successor.
    const news = hostNews.take(state);
    if (news) worker.tellHost(news);
    if (state.process.phase !== 'ready') batchHostReady = false;
    else if (!batchHostReady) giveHostToWorker();
  },
  onVitals: (vitals) => {
    push('host.vitals', vitals);
    for (const { sha256, speed } of vitals.activity.models) library.noteSpeed(sha256, speed);
  },
});
const desk = new ModelDesk({
  library,
  host,
  machineFile: join(userData, 'machine.json'),
  version: app.getVersion(),
  threads,
});
const worker = new WorkerSupervisor({
  entry: join(out, 'worker.js'),
  store: (): WorkerStore | LockedBatches => {
    const { boxes } = lockedBatches;
    if (boxes) return { boxes };
    return {
      dataDir: vault.state.phase === 'open' ? dataDir : trialFolder,
      ...vault.dataKey(),
      userId: vault.user?.id ?? null,
      signPublic: vault.user?.signPublic ?? null,
      deletion: vault.policy.retention,
      bulkAllowed: vault.policy.review.bulkAllowed,
    };
  },
  onStarted: () => {
    worker.tellHost(hostNews.of(host.state));
    giveHostToWorker();
  },
  onBatches: followBatches,
  onState: (state) => push('worker.state', state),
  onAct: (act, recordId) => audit.tell({ event: { kind: act }, subject: recordId }),
  onConfirmed: (act) => audit.tell(confirmedEntry(act)),
  onWritten: (ticket, records) => saves.written(ticket, records),
});
const saves = new SaveTickets({
  policy: () => vault.policy,
  locale: () => settings.locale,
  folder: () => app.getPath('documents'),
  onChosen: ({ format, deidentified }) =>
    audit.tellFirst({ event: { kind: 'export-begun', format, deidentified } }),
  grant: (ticket) => worker.grant(ticket),
  onExported: noteExported,
});

/** A file with records, a schema, a reply or texts for training has been written: for the audit log. */
function noteExported(order: SaveOrder): void {
  const { format, count, deidentified, recordId, schemaId, studyId, replyId, pairs } = order;
  if (replyId !== undefined) {
    audit.tell({ event: { kind: 'reply-exported' }, subject: replyId });
    return;
  }
  if (pairs !== undefined) {
    audit.tell({ event: { kind: 'pairs-exported', form: pairs, count } });
    return;
  }
  const of = recordId ?? schemaId ?? studyId;
  const records = schemaId === undefined && studyId === undefined ? count : 0;
  const event = { kind: 'exported' as const, format, count: records, deidentified };
  audit.tell({ event, ...(of === undefined ? {} : { subject: of }) });
}

/** Milliseconds between two looks whether a backup is due, or compacting worth it. */
const upkeepLookMs = 3_600_000;

const backupsFile = join(userData, 'backups.json');
const backups = new BackupDesk({
  path: backupsFile,
  ownFolder: userData,
  make: makeBackup,
  onState: (state) => push('backup.state', state),
});

/** A backup with the keyring, so that it opens on another machine; told to the audit log. */
async function makeBackup(destination: string): Promise<MadeBackup> {
  try {
    const { backup } = await worker.ask({
      kind: 'backup',
      destination,
      extraFiles: [{ name: keyringFileName, path: join(dataDir, keyringFileName) }],
    });
    if (!backup) throw new AppError('BAD_REPLY');
    const { folder, createdAt, bytes, records } = backup;
    audit.tell({ event: { kind: 'backed-up', records } });
    await audit.anchor();
    return { folder, createdAt, bytes, records };
  } catch (error) {
    audit.tell({ event: { kind: 'backed-up', records: 0 }, result: problemOf(error).code });
    throw error;
  }
}

const rotation = new KeyRotation({
  session: vault,
  putAway: putAwayPages,
  anchor: () => audit.anchor(),
  head: async () => {
    const { head } = await worker.ask({ kind: 'head' });
    if (!head) throw new AppError('BAD_REPLY');
    return { seq: head.seq, mac: head.mac };
  },
  carryOut: async ({ keyId, key }, at, onProgress) => {
    await worker.ask({ kind: 'rotate', keyId, key, at }, onProgress);
  },
  reopen: async () => {
    await worker.rest();
    startWorkerIfAllowed();
    await worker.settled();
  },
  reload: () => {
    for (const { webContents } of BrowserWindow.getAllWindows()) webContents.reload();
  },
  onState: (state) => push('rotation.state', state),
});

/** Takes what was deleted for good out of the journal's file. A lock in between ends it. */
async function compactIfWorth(): Promise<void> {
  if (!vault.user || !mayReadRecords() || !(await worker.settled())) return;
  try {
    const { saved } = await worker.ask({ kind: 'compact' });
    if (typeof saved === 'number') audit.tell({ event: { kind: 'journal-compacted' } });
  } catch (error) {
    // Nothing is lost by it, and nobody waits for it: the log says so, and the next look tries again.
    audit.tell({ event: { kind: 'journal-compacted' }, result: problemOf(error).code });
  }
}

const upkeep = new Upkeep({ backUpIfDue, compactIfWorth, everyMs: upkeepLookMs });

/** By the schedule. A lock in between ends it; the next look makes it up. */
async function backUpIfDue(): Promise<void> {
  if (!vault.user || !backups.isDue()) return;
  try {
    vault.demand('records');
  } catch {
    return;
  }
  await backups.run().catch((error: unknown) => {
    if (vault.user) push('problem', problemOf(error));
  });
}

function applyAppearance(): void {
  nativeTheme.themeSource = settings.theme;
  installMenu(
    settings.locale,
    (window, command) =>
      (window ?? BrowserWindow.getAllWindows()[0])?.webContents.send('menu.command', command),
    !app.isPackaged,
  );
  for (const window of BrowserWindow.getAllWindows())
    window.webContents.setZoomFactor(settings.zoom);
}

function handPort(name: PortName, port: MessagePortMain | null, sender: Sender): void {
  if (!port) throw new AppError(name === 'host' ? 'HOST_UNAVAILABLE' : 'WORKER_DIED');
  windowOf(sender).webContents.postMessage('chimed.port', name, [port]);
}

const copied = new GuardedClipboard({ clipboard });
const chosenPaths = new ChosenPaths();
const checkPath = (path: string): string => chosenPaths.check(path);
const dialogs = pathDialogs(chosenPaths);

installRouter(ipcMain, {
  isOurWindow: (id) =>
    BrowserWindow.getAllWindows().some(({ webContents }) => webContents.id === id),
  onRefused: (line) => process.stderr.write(`ipc: ${line}\n`),
  demand: (access, channel) => {
    try {
      vault.demand(access);
    } catch (error) {
      const { code } = problemOf(error);
      if (vault.user) audit.tell({ event: { kind: 'refused', channel }, result: code });
      throw error;
    }
  },
  handlers: {
    'app.info': () => appInfo,
    'settings.get': () => settings,
    'settings.set': (change) => {
      for (const name of ['lockMinutes', 'qaThreshold'] as const) {
        if (change[name] === undefined) continue;
        vault.demand('user');
        audit.tell({ event: { kind: 'settings-changed', settings: [name] } });
      }
      keepSettings(definedOf(change));
      applyAppearance();
      return settings;
    },
    'vault.state': () => vault.state,
    'policy.get': () => vault.policy,
    'vault.try': async () => {
      vault.beginTrial();
      await opened();
    },
    'vault.found': ({ details, passphrase }) => vault.found(details, passphrase),
    'vault.confirm': async ({ answers }) => {
      await audit.open();
      await vault.confirmFounding(answers);
      await enterVault();
    },
    'vault.signIn': async ({ userId, passphrase }) => {
      await lockEnded;
      await vault.signIn(userId, passphrase);
      await opened();
    },
    'vault.recover': async ({ words, userId, passphrase }) => {
      await lockEnded;
      await vault.recover(words, userId, passphrase);
      await opened();
    },
    'vault.lock': () => void lockVault('asked'),
    'vault.put-away': () => putAway?.(),
    ...userHandlers(vault, rotation),
    ...backupHandlers({ vault, audit, backups, dialogs }),
    'vault.wipe': ({ passphrase }) => wipeWorkstation(passphrase),
    'restore.offer': async () => {
      const { state } = worker;
      vault.demand('user');
      if (state.phase !== 'failed') throw new AppError('BAD_REQUEST');
      await lockVault('asked');
      if (vault.user) return;
      vault.fail(new AppError(state.problem.code, state.problem));
    },
    'restore.choose': async (_nothing, sender) => {
      demandRestorable();
      toRestore = null;
      const folder = await dialogs.choosePath(sender, { properties: ['openDirectory'] });
      toRestore = folder === null ? null : await examineBackup(folder);
      return toRestore;
    },
    'restore.run': (proof) => restoreChosen(proof),
    ...signingHandlers({ vault, audit, clipboard: copied }),
    ...auditHandlers({ vault, audit, dialogs, locale: () => settings.locale }),
    'vault.key': () => vault.dataKey(),
    'files.save': (order, sender) =>
      saves.issue(order, (options) => dialogs.chooseSavePath(sender, options)),
    ...fileHandlers({ worker, dialogs, checkPath }),
    'batch.locked': () => lockedBatches.shown,
    'host.connect': (_nothing, sender) => handPort('host', host.connect(), sender),
    'worker.connect': (_nothing, sender) => handPort('worker', worker.connect(), sender),
    'host.state': () => host.state,
    'worker.state': () => worker.state,
    'host.restart': () => host.restart(),
    ...modelHandlers({ library, desk, audit, dialogs, checkPath }),
    ...conversionHandlers({
      ...{ conversion, dialogs, checkPath, modelsFolder },
      threads: threads ?? availableParallelism(),
      tool: `${productName} ${app.getVersion()}`,
      nativeLibrary: libllamaPath,
    }),
  },
});

/** A partial update without the keys that were given as undefined. */
function definedOf(change: { [K in keyof Settings]?: Settings[K] | undefined }): Partial<Settings> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

function keepSettings(change: Partial<Settings>): void {
  settings = { ...settings, ...change };
  writeJsonFile(settingsFile, settings);
}

/**
 * For what a trial keeps: sealed under a key that is stored nowhere, and deleted at its end, or at the
 * next start where the program was killed.
 */
const trialFolder = join(userData, 'trial');
const endTrial = (): Promise<void> => rm(trialFolder, { recursive: true, force: true });

/** Without its log the vault stays closed: nothing may happen that nobody can look up. */
async function openAudit(): Promise<void> {
  try {
    await audit.open();
    audit.tell({ event: { kind: 'app-started', version: app.getVersion() } });
  } catch (error) {
    vault.fail(error);
  }
}

/** Chosen in the system's dialog; the page only says when. */
let toRestore: ChosenBackup | null = null;
let restoring = false;

/** Where there is no data, or none that opens. @throws AppError `BAD_REQUEST` */
function demandRestorable(): void {
  const { state } = vault;
  // A policy that cannot be read is nothing that a backup would bring back.
  const broken = state.phase === 'failed' && state.problem.code !== 'POLICY_INVALID';
  const absent = state.phase === 'absent' && !state.trial;
  if (!broken && !absent) throw new AppError('BAD_REQUEST');
}

/** Puts the chosen backup in the place of the data, and signs in who gave a passphrase. */
async function restoreChosen(proof: RestoreProof): Promise<void> {
  demandRestorable();
  if (!toRestore || restoring) throw new AppError('BAD_REQUEST');
  restoring = true;
  try {
    const { records } = await restore(toRestore.folder, dataDir, proof);
    toRestore = null;
    await forgetProjection();
    const wasAbsent = vault.state.phase === 'absent';
    await vault.load();
    if (vault.state.phase !== 'locked') return;
    await openAudit();
    const who = 'userId' in proof ? { actor: proof.userId } : {};
    audit.tell({ event: { kind: 'restored', records }, ...who });
    try {
      if ('userId' in proof) await vault.signIn(proof.userId, proof.passphrase);
    } finally {
      // The window of a first start stores nothing: its session is in memory.
      if (wasAbsent) exchangeWindows(vault.user ? 'work' : 'gate');
    }
    if (!vault.user) return;
    if (wasAbsent) enterWork();
    else await opened();
  } finally {
    restoring = false;
  }
}

/** Destroys all data but the audit log, and begins anew. @throws AppError `POLICY_FORBIDS` and others */
async function wipeWorkstation(passphrase: string): Promise<void> {
  vault.demand('user');
  if (!vault.policy.retention.deletionAllowed) throw new AppError('POLICY_FORBIDS');
  await vault.confirmPassphrase(passphrase);
  const actor = vault.user?.id;
  await lockVault('asked');
  if (vault.user || actor === undefined) throw new AppError('BAD_REQUEST');
  // Before it is done: ended in the middle, the log still says what was begun.
  audit.tell({ event: { kind: 'wiped' }, actor });
  try {
    await wipeVault(dataDir);
    await forgetProjection();
    await rm(backupsFile, { force: true });
  } catch (error) {
    const { code } = problemOf(error);
    audit.tell({ event: { kind: 'wiped' }, actor, result: code });
    // The window that asked is gone: the gate says what happened.
    vault.fail(error);
    return;
  }
  await audit.close();
  await backups.load();
  keepSettings({ lastUserId: undefined });
  await vault.load();
  exchangeWindows('gate');
}

/** What the page keeps of the journal is made anew from the one that is there now. */
async function forgetProjection(): Promise<void> {
  await session.defaultSession.clearStorageData({ storages: ['indexdb'] });
}

/** New windows in the place of those that are there, in the session that the vault's state asks for. */
function exchangeWindows(page: OwnPage): void {
  const before = BrowserWindow.getAllWindows();
  openWindow(page);
  for (const window of before) window.destroy();
}

/** The batches that went on while it was locked are handed back to the vault. */
async function endLockedBatches(): Promise<void> {
  if (!lockedBatches.boxes) return;
  lockedBatches.drop();
  await worker.rest();
  push('batch.locked', null);
}

/** Keys of the batches that go on while it is locked, where rules and starters allow it. */
async function restBatches(): Promise<void> {
  if (worker.state.phase !== 'ready') return;
  const { boxes = [] } = await worker.ask({ kind: 'rest-batches' }).catch(() => ({ boxes: [] }));
  if (vault.policy.batch.whileLockedAllowed && vault.user) lockedBatches.hold(boxes);
  else for (const { key } of boxes) key.fill(0);
}

/** What runs while somebody works. */
function enterWork(): void {
  triggers?.awake();
  startWorkerIfAllowed();
  void lookAfterLog();
}

/** Somebody has signed in, or tries the samples: to work. */
async function opened(): Promise<void> {
  triggers?.awake();
  await endLockedBatches();
  startWorkerIfAllowed();
  await Promise.all(BrowserWindow.getAllWindows().map((window) => showPage(window, 'work')));
  void lookAfterLog();
}

/** After the page is there, which is what a person waits for, and which shows what is found. */
async function lookAfterLog(): Promise<void> {
  await audit.compare(journalHolds);
  if (mayReadRecords() && (await worker.settled())) await audit.addMissing(actsInJournal);
  await audit.anchor();
  await audit.inspect();
  await audit.clean();
  await upkeep.look();
}

const actsInJournal: ActsInJournal = {
  head: async () => (await worker.ask({ kind: 'head' })).head,
  holds: journalHolds,
  after: async (after) => {
    const { acts } = await worker.ask({ kind: 'acts', after });
    if (!acts) throw new AppError('BAD_REPLY');
    return acts;
  },
};

/** Who may not read records cannot ask; then it is for the next doctor to find out. */
async function journalHolds(head: JournalHead): Promise<boolean> {
  if (!mayReadRecords() || !(await worker.settled())) return true;
  const { holds } = await worker.ask({ kind: 'holds', head });
  return holds !== false;
}

function mayReadRecords(): boolean {
  try {
    vault.demand('records');
    return true;
  } catch {
    return false;
  }
}

/** Whoever may read records gets the process that keeps them. */
function startWorkerIfAllowed(): void {
  if (mayReadRecords()) worker.start();
}

/** The first user was made: what was tried before is gone, and from here on things are stored. */
async function enterVault(): Promise<void> {
  saves.drop();
  await worker.rest();
  await endTrial();
  host.forget();
  enterWork();
  exchangeWindows('work');
}

let putAway: (() => void) | null = null;

/** The pages put away what is not saved, in the time that they have. */
async function putAwayPages(): Promise<void> {
  push('vault.locking', { withinMs: putAwayMs });
  await new Promise<void>((resolve) => {
    putAway = resolve;
    setTimeout(resolve, putAwayMs);
  });
  putAway = null;
}

let quitting = false;
/** A window that is closed, or with which the program ends, first puts away what is not saved. */
function putAwayBeforeClosing(window: BrowserWindow): void {
  let asked = false;
  window.on('close', (event) => {
    if (asked || event.defaultPrevented || vault.state.phase !== 'open') return;
    event.preventDefault();
    asked = true;
    void putAwayPages().finally(() => {
      if (quitting) app.quit();
      else window.close();
    });
  });
}

let locking = false;
/** Whoever signs in while a lock still puts its pages in place would get the lock's page over theirs. */
let lockEnded: Promise<void> = Promise.resolve();
async function lockVault(reason: LockReason): Promise<void> {
  if (locking || vault.state.phase !== 'open') return;
  locking = true;
  let end: () => void = () => undefined;
  lockEnded = new Promise((resolve) => (end = resolve));
  try {
    await putAwayPages();
    saves.drop();
    await audit.anchor();
    await restBatches();
    vault.lock(reason);
    await copied.clearOurs();
    host.forget();
    await Promise.all([
      worker.rest(),
      ...BrowserWindow.getAllWindows().map((window) => showPage(window, 'gate')),
    ]);
    followBatches([]);
    // With no other key than those of the batches: it opens nothing else.
    if (lockedBatches.boxes) worker.start();
  } finally {
    locking = false;
    end();
  }
}

let triggers: LockTriggers | null = null;

function openWindow(page: OwnPage): void {
  const window = createMainWindow({
    preload: join(out, '..', 'preload', 'preload.cjs'),
    boundsFile: join(userData, 'window.json'),
    title: settings.locale === 'en' ? productName : '医疗文本工作站',
    background: nativeTheme.shouldUseDarkColors ? '#16181b' : '#ffffff',
    zoom: settings.zoom,
    page,
    partition: vault.state.phase === 'absent' ? trialPartition : undefined,
  });
  triggers?.watch(window.webContents);
  window.on('close', (event) => {
    if (!isPending(batches) || quitAgreed) return;
    event.preventDefault();
    void askToQuit();
  });
  putAwayBeforeClosing(window);
  // In main, so that it works whatever the page is doing.
  window.webContents.on('before-input-event', (event, input) => {
    if (input.type !== 'keyDown' || !isLockKey(input)) return;
    event.preventDefault();
    void lockVault('asked');
  });
  // The window is what a person waits for: the model comes when its page is there.
  window.webContents.once('did-finish-load', () => {
    desk.start().catch((error: unknown) => {
      process.stderr.write(`library: ${problemOf(error).code}\n`);
    });
  });
}

function isLockKey({ key, control, meta, alt, shift }: Input): boolean {
  if (alt || shift) return false;
  return key === 'F9' || (key.toLowerCase() === 'l' && (control || meta));
}

app.on('second-instance', () => {
  const [window] = BrowserWindow.getAllWindows();
  if (window?.isMinimized()) window.restore();
  window?.focus();
});
app.on('window-all-closed', () => app.quit());
let quitAgreed = false;
let askingToQuit = false;

/** Asks before a batch is interrupted; what is done of it is saved either way. */
async function askToQuit(): Promise<void> {
  if (askingToQuit) return;
  askingToQuit = true;
  try {
    const texts = quitDialogMessages[settings.locale];
    const [window] = BrowserWindow.getAllWindows();
    const question: MessageBoxOptions = {
      type: 'question',
      ...{ message: texts.message, detail: texts.detail },
      buttons: [texts.stay, texts.quit],
      ...{ defaultId: 0, cancelId: 0, noLink: true },
    };
    const { response } = window
      ? await dialog.showMessageBox(window, question)
      : await dialog.showMessageBox(question);
    quitAgreed = response === 1;
  } finally {
    askingToQuit = false;
  }
  if (quitAgreed) app.quit();
}

app.on('before-quit', (event) => {
  if (isPending(batches) && !quitAgreed) {
    event.preventDefault();
    void askToQuit();
    return;
  }
  quitting = true;
  conversion.stop();
  host.stop();
});
let finished = false;
app.on('will-quit', (event) => {
  if (finished) return;
  event.preventDefault();
  void finish().finally(() => {
    finished = true;
    // Later: while Electron is still asking, it takes another quit for the one that was stopped.
    setImmediate(() => app.quit());
  });
});

const coreDumpsForbidden = forbidCoreDumps().catch(() => {
  process.stderr.write('core dumps: this system does not let us forbid them\n');
});

/** The last things: what was asked of the worker is written, and the log ends signed. */
async function finish(): Promise<void> {
  await audit.anchor();
  audit.tell({ event: { kind: 'app-ended' } });
  vault.lock('quit');
  await copied.clearOurs();
  await worker.rest();
  lockedBatches.drop();
  await audit.close();
  await endTrial();
}

// Not awaited: Electron becomes ready only after this module has been evaluated.
void app.whenReady().then(async () => {
  await coreDumpsForbidden;
  for (const each of [session.defaultSession, session.fromPartition(trialPartition)]) {
    serveApp(each, join(out, '..', 'renderer'));
  }
  triggers = new LockTriggers({
    powerMonitor,
    idleLimit: () => lockMinutes(settings.lockMinutes, vault.policy) * 60_000,
    lock: (reason) => void lockVault(reason),
  });
  await endTrial();
  await backups.load();
  upkeep.start();
  try {
    await finishRestore(dataDir);
    await vault.load();
    if (vault.state.phase === 'locked') await openAudit();
  } catch (error) {
    vault.fail(error);
  }
  openWindow('gate');
  applyAppearance();
});
