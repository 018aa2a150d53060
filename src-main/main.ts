/** Composition root of the app. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { app, BrowserWindow, ipcMain, nativeTheme, session, type MessagePortMain } from 'electron';
import { AppError, problemOf } from './domain/contract/errors';
import {
  settingsSchema,
  type AppInfo,
  type PortName,
  type PushChannel,
  type PushPayload,
  type Settings,
} from './domain/contract/ipc';
import { HostSupervisor, type ModelToLoad } from './host/supervisor';
import { findDefaultModel } from './library/default-model';
import { fromProbeSchema } from './library/probe-messages';
import { refuseSockets } from './offline/refuse-sockets';
import { askChild } from './shell/child-task';
import { registerAppScheme, serveApp } from './shell/app-protocol';
import { installRouter, type Sender } from './shell/ipc-router';
import { readJsonFile, writeJsonFile } from './shell/json-file';
import { createMainWindow } from './shell/main-window';
import { installMenu } from './shell/menu';
import { hardenSession, refuseNetworkInChromium } from './shell/network-refusal';
import { openDataKey } from './vault/key-file';
import { WorkerSupervisor } from './worker/supervisor';

const out = import.meta.dirname;
const root = join(out, '..', '..');
// Native code maps the model file, so a package keeps it outside its archive.
const modelsDir = join(root.replace(/app\.asar$/, 'app.asar.unpacked'), 'models');
const productName = 'ChiMed Workstation';

app.setName(productName);
registerAppScheme();
refuseNetworkInChromium(app);
refuseSockets();

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

const appInfo: AppInfo = {
  version: app.getVersion(),
  electron: process.versions.electron,
  runtime: existsSync(join(dirname(process.execPath), 'prepared.json')) ? 'registry' : 'official',
  platform: process.platform,
};

function push<C extends PushChannel>(channel: C, payload: PushPayload<C>): void {
  for (const window of BrowserWindow.getAllWindows()) window.webContents.send(channel, payload);
}

async function findModel(): Promise<
  { model: ModelToLoad } | { problem: ReturnType<typeof problemOf> }
> {
  try {
    // Another model to start with, for development and tests; it is verified like any other.
    const path = process.env['CHIMED_MODEL'] ?? (await findDefaultModel({ modelsDir }));
    const answer = fromProbeSchema.parse(
      await askChild(join(out, 'probe.js'), { type: 'verify', path }, 'MODEL_STRUCTURE'),
    );
    if (answer.type === 'problem') return { problem: answer.problem };
    return { model: { path, card: answer.card } };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

// Worker and page ask for the key at the same time; at the first start only one of them may make it.
let keyTurn: Promise<unknown> = Promise.resolve();
function dataKey(): ReturnType<typeof openDataKey> {
  const turn = keyTurn.then(() => openDataKey(dataDir));
  keyTurn = turn.catch(() => undefined);
  return turn;
}

const threads = Number(process.env['CHIMED_THREADS']);
const host = new HostSupervisor({
  entry: join(out, 'host.js'),
  findModel,
  onState: (state) => push('host.state', state),
  ...(Number.isInteger(threads) && threads > 0 ? { threads } : {}),
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
    'host.connect': (_nothing, sender) => handPort('host', host.connect(), sender),
    'worker.connect': (_nothing, sender) => handPort('worker', worker.connect(), sender),
    'host.state': () => host.state,
    'worker.state': () => worker.state,
    'host.restart': () => host.restart(),
  },
});

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
  window.webContents.once('did-finish-load', () => host.start());
}

app.on('second-instance', () => {
  const [window] = BrowserWindow.getAllWindows();
  if (window?.isMinimized()) window.restore();
  window?.focus();
});
app.on('window-all-closed', () => app.quit());
app.on('before-quit', () => {
  host.stop();
  worker.stop();
});

// Not awaited: Electron becomes ready only after this module has been evaluated.
void app.whenReady().then(() => {
  hardenSession(session.defaultSession);
  serveApp(session.defaultSession, join(out, '..', 'renderer'));
  openWindow();
  applyAppearance();
});
