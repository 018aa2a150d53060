/** Composition root of the app. */
import './offline/begin';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  nativeTheme,
  session,
  type MessagePortMain,
  type OpenDialogOptions,
} from 'electron';
import { ConversionSupervisor } from './convert/supervisor';
import type { ConversionType } from './domain/contract/conversion';
import { AppError, problemOf } from './domain/contract/errors';
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
import { HostSupervisor } from './host/supervisor';
import { knownModels } from './library/catalog';
import { findDefaultModel } from './library/default-model';
import { conversionFolder } from './library/library-file';
import type { AskOptions } from './library/ask';
import { ModelLibrary } from './library/model-library';
import {
  fromProbeSchema,
  type Answer,
  type Question,
  type ToProbe,
} from './library/probe-messages';
import { chatFormats } from './library/prompt-formats';
import { runChildTask } from './shell/child-task';
import { registerAppScheme, serveApp } from './shell/app-protocol';
import { forbidCoreDumps } from './shell/core-dumps';
import { GuardedClipboard } from './shell/clipboard';
import { installRouter, type Sender } from './shell/ipc-router';
import { readJsonFile, writeJsonFile } from './shell/json-file';
import { createMainWindow } from './shell/main-window';
import { installMenu } from './shell/menu';
import { ChosenPaths } from './shell/network-path';
import { refuseNetworkInChromium } from './shell/network-refusal';
import { openDataKey } from './vault/key-file';
import { WorkerSupervisor } from './worker/supervisor';

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
  onImport: (state) => push('library.import', state),
});

// Worker and page ask for the key at the same time; at the first start only one of them may make it.
let keyTurn: Promise<unknown> = Promise.resolve();
function dataKey(): ReturnType<typeof openDataKey> {
  const turn = keyTurn.then(() => openDataKey(dataDir));
  keyTurn = turn.catch(() => undefined);
  return turn;
}

const conversion = new ConversionSupervisor({
  converter: join(out, 'converter.js'),
  quantizer: join(out, 'quantizer.js'),
  onState: (state) => push('conversion.state', state),
  adopt: (path, card) => library.adopt(path, card),
});

const host = new HostSupervisor({
  entry: join(out, 'host.js'),
  onState: (state) => push('host.state', state),
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
  dataDir,
  readKey: dataKey,
  onState: (state) => push('worker.state', state),
});

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
  const window = BrowserWindow.getAllWindows().find(
    ({ webContents }) => webContents.id === sender.id,
  );
  if (!window) throw new AppError('FORBIDDEN_SENDER');
  window.webContents.postMessage('chimed.port', name, [port]);
}

const copied = new GuardedClipboard({ clipboard });
const chosenPaths = new ChosenPaths();

installRouter(ipcMain, {
  isOurWindow: (id) =>
    BrowserWindow.getAllWindows().some(({ webContents }) => webContents.id === id),
  onRefused: (line) => process.stderr.write(`ipc: ${line}\n`),
  handlers: {
    'app.info': () => appInfo,
    'settings.get': () => settings,
    'settings.set': (change) => {
      settings = { ...settings, ...definedOf(change) };
      writeJsonFile(settingsFile, settings);
      applyAppearance();
      return settings;
    },
    'vault.key': dataKey,
    'clipboard.write': ({ text }) => copied.write(text),
    'host.connect': (_nothing, sender) => handPort('host', host.connect(), sender),
    'worker.connect': (_nothing, sender) => handPort('worker', worker.connect(), sender),
    'host.state': () => host.state,
    'worker.state': () => worker.state,
    'host.restart': () => host.restart(),
    'library.catalog': () => [...knownModels],
    'library.get': () => library.list(),
    'library.choose': (_nothing, sender) => chooseModelFile(sender),
    'library.examine': ({ path }) => library.examine(chosenPaths.check(path)),
    'library.import': ({ path, place }) => library.import({ path: chosenPaths.check(path), place }),
    'library.import.state': () => library.importState,
    'library.import.control': ({ action }) => library.controlImport(action),
    'library.locate': async ({ id }, sender) => {
      const path = await chooseModelFile(sender);
      if (path !== null) library.import({ path, place: 'referenced', expected: id });
      return path !== null;
    },
    'library.remove': ({ id }) => desk.remove(id),
    'conversion.choose': (_nothing, sender) =>
      choosePath(sender, { properties: ['openDirectory'] }),
    'conversion.start': ({ folder, type }) => startConversion(chosenPaths.check(folder), type),
    'conversion.cancel': () => conversion.cancel(),
    'conversion.state': () => conversion.state,
    'library.formats': () => [...chatFormats],
    'library.format': ({ id, format }) => desk.setFormat(id, format),
    'library.assign': ({ job, id }) => library.assign(job, id),
    'library.fit': ({ id, settings: wanted }) => desk.fitOf(id, wanted),
    'library.settings': ({ id, settings: wanted }) => desk.setSettings(id, wanted),
    'library.activate': ({ id }) => desk.activate(id),
  },
});

async function startConversion(folder: string, type: ConversionType): Promise<void> {
  if (conversion.state.phase === 'running') throw new AppError('CONVERSION_BUSY');
  const place = join(modelsFolder, conversionFolder);
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  conversion.start({
    folder,
    out: join(place, `${basename(folder)}-${type}.gguf`),
    type,
    threads: threads ?? availableParallelism(),
    tool: `${productName} ${app.getVersion()}`,
    library: libllamaPath(),
  });
}

/** The system's dialog; null when a person closed it. */
function chooseModelFile(sender: Sender): Promise<string | null> {
  return choosePath(sender, {
    properties: ['openFile'],
    filters: [{ name: 'GGUF', extensions: ['gguf'] }],
  });
}

async function choosePath(sender: Sender, options: OpenDialogOptions): Promise<string | null> {
  const window = BrowserWindow.getAllWindows().find(
    ({ webContents }) => webContents.id === sender.id,
  );
  if (!window) throw new AppError('FORBIDDEN_SENDER');
  const { filePaths } = await dialog.showOpenDialog(window, {
    ...options,
    // The system's list of recent files is read by whoever uses the desktop next.
    properties: [...(options.properties ?? []), 'dontAddToRecent'],
  });
  return chosenPaths.add(filePaths[0] ?? null);
}

/** A partial update without the keys that were given as undefined. */
function definedOf(change: { [K in keyof Settings]?: Settings[K] | undefined }): Partial<Settings> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

function openWindow(): void {
  const window = createMainWindow({
    preload: join(out, '..', 'preload', 'preload.cjs'),
    boundsFile: join(userData, 'window.json'),
    title: settings.locale === 'en' ? productName : '医疗文本工作站',
    background: nativeTheme.shouldUseDarkColors ? '#16181b' : '#ffffff',
    zoom: settings.zoom,
  });
  // The window is what a person waits for: the worker starts when its page is there, the model
  // after that.
  window.webContents.once('dom-ready', () => worker.start());
  window.webContents.once('did-finish-load', () => {
    desk.start().catch((error: unknown) => {
      process.stderr.write(`library: ${problemOf(error).code}\n`);
    });
  });
}

app.on('second-instance', () => {
  const [window] = BrowserWindow.getAllWindows();
  if (window?.isMinimized()) window.restore();
  window?.focus();
});
// It ends when nothing of ours is on the clipboard any more.
app.on('will-quit', (event) => {
  if (!copied.mayHoldOurs) return;
  event.preventDefault();
  // Later: while Electron is still asking, it takes another quit for the one that was stopped.
  void copied.clearOurs().finally(() => setImmediate(() => app.quit()));
});
app.on('window-all-closed', () => app.quit());
app.on('before-quit', () => {
  host.stop();
  worker.stop();
  conversion.stop();
});

const coreDumpsForbidden = forbidCoreDumps().catch(() => {
  process.stderr.write('core dumps: this system does not let us forbid them\n');
});

// Not awaited: Electron becomes ready only after this module has been evaluated.
void app.whenReady().then(async () => {
  await coreDumpsForbidden;
  serveApp(session.defaultSession, join(out, '..', 'renderer'));
  openWindow();
  applyAppearance();
});
