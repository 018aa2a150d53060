/**
 * Electron's security checklist (electronjs.org/docs/latest/tutorial/security), its twenty points in its
 * order, each held against the running program where it can be; then what we promise besides.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { projectRoot } from '../scripts/project';
import { expect, modelReady, test, signIn } from './app';

/** What is in force for every page of the program, as Electron understood it. */
function webPreferences(app: ElectronApplication): Promise<Record<string, unknown>[]> {
  return app.evaluate(({ webContents }) =>
    webContents.getAllWebContents().map((contents) => {
      // Missing in the typings, and the only way to it.
      const known = contents as unknown as { getLastWebPreferences(): object | null };
      return { ...known.getLastWebPreferences() };
    }),
  );
}

/** Places (file and line) in the program's own sources whose line matches. */
function placesOf(
  pattern: RegExp,
  rooms: readonly string[] = ['src-main', 'src-renderer'],
): string[] {
  return rooms.flatMap((room) =>
    readdirSync(join(projectRoot, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs|svelte|html|css)$/.test(file) && !/\.test\.ts$/.test(file))
      .flatMap((file) =>
        readFileSync(join(projectRoot, room, file), 'utf8')
          .split('\n')
          .flatMap((line, index) => (pattern.test(line) ? [`${room}/${file}:${index + 1}`] : [])),
      ),
  );
}

const headerOf = (page: Page, name: string): Promise<string | null> =>
  page.evaluate(
    (header) => window.fetch('/index.html').then((answer) => answer.headers.get(header)),
    name,
  );

test(
  '1. only secure content is loaded: every resource is our own, from app://',
  { tag: '@slow' },
  async ({ start }) => {
    const { page } = await start();
    const loaded: string[] = [];
    page.on('request', (request) => loaded.push(request.url()));
    await page.reload();
    await modelReady(page);
    expect(loaded.length).toBeGreaterThan(2);
    for (const url of loaded) expect(url).toMatch(/^app:\/\/chimed\//);
    expect(await page.evaluate(() => window.isSecureContext)).toBe(true);
  },
);

test(
  '2, 3, 4, 6, 8, 9, 10. no Node, isolated context, sandbox, web security, no mixed content, no experiments, no Blink features: for every page',
  { tag: '@slow' },
  async ({ start }) => {
    const { app } = await start();
    const pages = await webPreferences(app);
    expect(pages).toHaveLength(1);
    for (const preferences of pages) {
      expect(preferences).toMatchObject({
        nodeIntegration: false,
        nodeIntegrationInSubFrames: false,
        contextIsolation: true,
        sandbox: true,
        webSecurity: true,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        enableBlinkFeatures: '',
        webviewTag: false,
      });
      expect(preferences['nodeIntegrationInWorker']).not.toBe(true);
    }
  },
);

test(
  '4. the sandbox is asked for every renderer there will be, and only root, who cannot have it, goes without',
  { tag: '@slow' },
  async ({ start }) => {
    const { app } = await start();
    const switches = await app.evaluate(({ app: electron }) => ({
      all: electron.commandLine.hasSwitch('enable-sandbox'),
      none: electron.commandLine.hasSwitch('no-sandbox'),
    }));
    const isRoot = process.getuid?.() === 0;
    expect(switches).toEqual({ all: !isRoot, none: isRoot });
  },
);

test(
  '5. every permission is refused but that to keep the projection on a full disk',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page } = await start();
    const denied = await page.evaluate(async () => {
      const reason = (work: Promise<unknown>): Promise<string> =>
        work.then(
          () => 'allowed',
          (error: unknown) => (error instanceof Error ? error.name : String(error)),
        );
      return {
        notifications: await Notification.requestPermission(),
        geolocation: await new Promise<string>((resolve) =>
          navigator.geolocation.getCurrentPosition(
            () => resolve('allowed'),
            ({ code }) => resolve(`code ${code}`),
          ),
        ),
        asked: await Promise.all(
          ['camera', 'microphone', 'midi', 'notifications', 'geolocation', 'clipboard-read'].map(
            (name) =>
              navigator.permissions
                .query({ name: name as PermissionName })
                .then(({ state }) => `${name} ${state}`),
          ),
        ),
        screen: await reason(navigator.mediaDevices.getDisplayMedia()),
        clipboard: await reason(navigator.clipboard.readText()),
        clipboardWrite: await reason(navigator.clipboard.writeText('x')),
        midi: await reason(navigator.requestMIDIAccess()),
        persistent: await navigator.storage.persist(),
      };
    });
    expect(denied).toEqual({
      notifications: 'denied',
      geolocation: 'code 1',
      asked: [
        'camera denied',
        'microphone denied',
        'midi denied',
        'notifications denied',
        'geolocation denied',
        'clipboard-read denied',
      ],
      screen: 'NotAllowedError',
      clipboard: 'NotAllowedError',
      clipboardWrite: 'NotAllowedError',
      midi: 'SecurityError',
      persistent: true,
    });
    // Also for a session that something makes later.
    const other = await app.evaluate(async ({ BrowserWindow, session }) => {
      const later = session.fromPartition('later');
      const window = new BrowserWindow({
        show: false,
        webPreferences: { session: later, sandbox: true },
      });
      await window.loadURL('data:text/html,<p>later</p>');
      const answer: unknown = await window.webContents.executeJavaScript(
        "fetch('https://example.org/').then(() => 'allowed', () => 'refused')",
      );
      const opened: unknown = await window.webContents.executeJavaScript(
        "window.open('https://example.org/') === null ? 'refused' : 'allowed'",
      );
      window.destroy();
      return [answer, opened];
    });
    expect(other).toEqual(['refused', 'refused']);
  },
);

test(
  '7. the content security policy allows our own files and nothing from elsewhere, no inline script, no eval',
  { tag: '@slow' },
  async ({ start }) => {
    const { page } = await start();
    const policy = await headerOf(page, 'content-security-policy');
    const directives = new Map(
      (policy ?? '').split('; ').map((part) => {
        const [name, ...sources] = part.split(' ');
        return [name, sources.join(' ')];
      }),
    );
    expect(Object.fromEntries(directives)).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self' 'unsafe-inline'",
      'img-src': "'self' data: blob:",
      'font-src': "'self'",
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    });
    const violated = await page.evaluate(async () => {
      const seen: string[] = [];
      document.addEventListener('securitypolicyviolation', ({ violatedDirective }) =>
        seen.push(violatedDirective),
      );
      const add = (tag: string, attributes: Record<string, string>): void => {
        const element = Object.assign(document.createElement(tag), attributes);
        document.body.append(element);
        setTimeout(() => element.remove(), 400);
      };
      add('script', { textContent: 'window.ran = true' });
      add('script', { src: 'https://example.org/a.js' });
      add('img', { src: 'https://example.org/a.png' });
      add('link', { rel: 'stylesheet', href: 'https://example.org/a.css' });
      add('iframe', { src: 'https://example.org/' });
      add('object', { data: 'https://example.org/a.swf' });
      add('video', { src: 'https://example.org/a.mp4' });
      // Later, because what the driver evaluates itself is exempt.
      setTimeout(() => {
        try {
          new Function('window.ran = true')();
        } catch (error) {
          seen.push((error as Error).name);
        }
      });
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { seen: [...new Set(seen)].sort(), ran: 'ran' in window };
    });
    expect(violated.ran).toBe(false);
    expect(violated.seen).toEqual(
      expect.arrayContaining(['EvalError', 'frame-src', 'img-src', 'media-src', 'object-src']),
    );
    expect(violated.seen).toEqual(expect.arrayContaining(['script-src-elem', 'style-src-elem']));
  },
);

test(
  '11, 12. there is no <webview>: the tag is off, none is in the sources, and one that appears is not attached',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page } = await start();
    expect(placesOf(/<webview|allowpopups|webviewTag: true/i)).toEqual([]);
    await page.evaluate(() => {
      const view = document.createElement('webview');
      view.setAttribute('src', 'data:text/html,hostile');
      view.setAttribute('allowpopups', '');
      document.body.append(view);
    });
    await page.waitForTimeout(300);
    expect(await app.evaluate(({ webContents }) => webContents.getAllWebContents().length)).toBe(1);
  },
);

test(
  '13. the page goes nowhere else: not by link, script, form, frame or redirect',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page } = await start();
    const ways: ((target: string) => void)[] = [
      (target) => window.location.assign(target),
      (target) => {
        const link = Object.assign(document.createElement('a'), { href: target, textContent: 'x' });
        document.body.append(link);
        link.click();
      },
      (target) => {
        const form = Object.assign(document.createElement('form'), { action: target });
        document.body.append(form);
        form.submit();
      },
      (target) => {
        document.body.append(Object.assign(document.createElement('iframe'), { src: target }));
      },
    ];
    const targets = [
      'https://example.org/',
      'file:///etc/passwd',
      'data:text/html,hostile',
      'app://chimed/other.html',
      'app://elsewhere/index.html',
    ];
    for (const way of ways) for (const target of targets) await page.evaluate(way, target);
    await page.waitForTimeout(300);
    expect(page.url()).toBe('app://chimed/index.html');
    for (const frame of page.frames().slice(1))
      expect(frame.url()).not.toMatch(/^(https|file|app):/);
    // The driver waits for the navigations that were refused; the page itself does not.
    expect(
      await app.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows().map((window) => window.webContents.getURL()),
      ),
    ).toEqual(['app://chimed/index.html']);
  },
);

test(
  '14. no new window opens: not by script, by link, or by a middle click',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page } = await start();
    const opened = await page.evaluate(() =>
      ['https://example.org/', 'about:blank', 'app://chimed/index.html', 'file:///etc/passwd'].map(
        (target) => window.open(target) !== null,
      ),
    );
    expect(opened).toEqual([false, false, false, false]);
    await page.evaluate(() => {
      const link = document.createElement('a');
      Object.assign(link, { href: 'app://chimed/index.html', target: '_blank', textContent: 'x' });
      link.id = 'hostile';
      link.style.cssText = 'position:fixed;inset:0 auto auto 0;z-index:99';
      document.body.append(link);
    });
    await page.locator('#hostile').click();
    await page.locator('#hostile').click({ button: 'middle' });
    await page.waitForTimeout(300);
    expect(app.windows()).toHaveLength(1);
    expect(await app.evaluate(({ webContents }) => webContents.getAllWebContents().length)).toBe(1);
  },
);

test(
  '15. nothing is opened in other programs: shell.openExternal and openPath are used nowhere',
  { tag: '@slow' },
  () => {
    expect(placesOf(/openExternal|openPath|\bshell\b.*from 'electron'/)).toEqual([]);
    // The search finds what is there.
    expect(placesOf(/showOpenDialog/)).not.toEqual([]);
  },
);

test(
  '16. a release has the current Electron: it refuses the development runtime and any other version',
  { tag: '@slow' },
  () => {
    // Proved by these; here only that they have not gone.
    const proofs = readFileSync(join(projectRoot, 'scripts/release-runtime.test.ts'), 'utf8');
    const names = [...proofs.matchAll(/\bit\(\s*["'`](.+)["'`]/g)].map((match) => match[1] ?? '');
    expect(names.length).toBeGreaterThanOrEqual(3);
    const packaging = readFileSync(join(projectRoot, 'scripts/package.ts'), 'utf8');
    expect(packaging).toMatch(/async function packageRelease[^}]*await releaseRuntime\(\)/s);
  },
);

test(
  '17. every message is answered only to the top frame of our own page in a window of ours',
  { tag: '@slow' },
  async ({ start }) => {
    const { app, page } = await start();
    // One channel, one router; its refusals are in src-main/shell/ipc-router.test.ts.
    expect(placesOf(/ipcMain\.(on|once|handle|handleOnce)\(/)).toHaveLength(1);
    expect(placesOf(/ipcMain\.(on|once|handle|handleOnce)\(/)[0]).toMatch(/shell\/ipc-router\.ts/);
    const foreign = await app.evaluate(
      async ({ BrowserWindow }, preload) => {
        const answers: unknown[] = [];
        for (const url of ['data:text/html,hostile', 'about:blank']) {
          const window = new BrowserWindow({
            show: false,
            webPreferences: { preload, sandbox: true, contextIsolation: true },
          });
          await window.loadURL(url);
          answers.push(await window.webContents.executeJavaScript("chimed.invoke('vault.key')"));
          window.destroy();
        }
        return answers;
      },
      join(projectRoot, 'out/preload/preload.cjs'),
    );
    const refused = { ok: false, problem: { code: 'FORBIDDEN_SENDER' } };
    expect(foreign).toEqual([refused, refused]);
    await expect(page.getByTestId('app')).toBeVisible();
  },
);

test(
  '18. pages come over app://; file:// is loaded nowhere and refused where it is asked for',
  { tag: '@slow' },
  async ({ start }) => {
    const { page } = await start();
    expect(placesOf(/loadFile\(|file:\/\//, ['src-main/shell', 'src-renderer'])).toEqual([]);
    // Our two pages, by their names.
    expect(placesOf(/loadURL\((?!pageUrls\[)/)).toEqual([]);
    expect(await page.evaluate(() => window.location.protocol)).toBe('app:');
    expect(
      await page.evaluate(() =>
        window.fetch('file:///etc/passwd').then(
          () => 'allowed',
          () => 'refused',
        ),
      ),
    ).toBe('refused');
  },
);

test('19. the fuses of a package are set for release', { tag: '@slow' }, () => {
  const config = readFileSync(join(projectRoot, 'electron-builder.yml'), 'utf8');
  const block = /^electronFuses:\n((?: {2}.+\n)+)/m.exec(config)?.[1] ?? '';
  const fuses = Object.fromEntries(
    block
      .trim()
      .split('\n')
      .map((line) => line.trim().split(': ')),
  ) as Record<string, string>;
  // That they are burnt into what is packaged is read from the executable by `npm run package:test`.
  expect(fuses).toEqual({
    runAsNode: 'false',
    enableCookieEncryption: 'true',
    enableNodeOptionsEnvironmentVariable: 'false',
    enableNodeCliInspectArguments: 'false',
    enableEmbeddedAsarIntegrityValidation: 'true',
    onlyLoadAppFromAsar: 'true',
    loadBrowserProcessSpecificV8Snapshot: 'false',
    grantFileProtocolExtraPrivileges: 'false',
  });
});

test(
  '20. the page gets no Electron API: three functions of our own, without events or senders',
  { tag: '@slow' },
  async ({ start }) => {
    const { page } = await start();
    const bridge = await page.evaluate(() => {
      const found: Record<string, string> = {};
      for (const [name, value] of Object.entries(window.chimed)) found[name] = typeof value;
      const globals = [
        'require',
        'process',
        'module',
        'electron',
        'ipcRenderer',
        'Buffer',
        'global',
      ];
      return { found, globals: globals.filter((name) => name in window) };
    });
    expect(bridge).toEqual({
      found: { invoke: 'function', subscribe: 'function', pathOf: 'function' },
      globals: [],
    });
    const told = await page.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          window.chimed.subscribe('host.vitals', (...received: unknown[]) =>
            resolve(received.map((value) => Object.prototype.toString.call(value))),
          );
        }),
    );
    expect(told).toEqual(['[object Object]']);
  },
);

test.describe('besides', () => {
  test('no process of the program may dump its memory', { tag: '@slow' }, async ({ start }) => {
    test.skip(process.platform !== 'linux', 'limits are read from /proc');
    const { app, page } = await start();
    await modelReady(page);
    const processes = await app.evaluate(({ app: electron }) =>
      electron.getAppMetrics().map(({ pid, type, name }) => ({ pid, name: name ?? type })),
    );
    expect(processes.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Browser', 'Tab', 'chimed-worker', 'chimed-model-host']),
    );
    for (const { pid, name } of processes) {
      const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
      expect([name, /^Max core file size +(\S+) +(\S+)/m.exec(limits)?.slice(1)]).toEqual([
        name,
        ['1', '1'],
      ]);
    }
    expect(placesOf(/crashReporter/)).toEqual([]);
  });

  test(
    'what is copied goes through main and is off the clipboard at the end; what others copied stays',
    { tag: '@slow' },
    async ({ start }) => {
      const { app, page } = await start();
      const onClipboard = (): Promise<string> =>
        app.evaluate(async ({ clipboard }) => clipboard.readText());
      await page.getByTestId('new-record').first().click();
      await page.getByTestId('record-text').fill('患者高血压病史10年');
      await page.getByTestId('record-text').press('ControlOrMeta+A');
      await page.getByTestId('record-text').press('ControlOrMeta+C');
      await expect.poll(onClipboard).toBe('患者高血压病史10年');
      await page.getByTestId('record-text').press('ControlOrMeta+X');
      await expect(page.getByTestId('record-text')).toHaveValue('');
      await page.getByTestId('record-text').press('ControlOrMeta+Z');
      await expect(page.getByTestId('record-text')).toHaveValue('患者高血压病史10年');
      const copy = async (): Promise<void> => {
        await page.getByTestId('record-text').press('ControlOrMeta+A');
        await page.getByTestId('record-text').press('ControlOrMeta+C');
        await expect.poll(onClipboard).toBe('患者高血压病史10年');
      };
      const lock = async (): Promise<void> => {
        await page.keyboard.press('F9');
        await page.getByTestId('lock-screen').waitFor();
        await signIn(page);
        await page.getByTestId('new-record').first().click();
        await page.getByTestId('record-text').fill('患者高血压病史10年');
      };
      await lock();
      expect(await onClipboard()).toBe('');
      await copy();
      await app.evaluate(async ({ clipboard }) => clipboard.writeText('of another program'));
      await lock();
      expect(await onClipboard()).toBe('of another program');
      await copy();
      // What happens when it quits, without its end: nobody could look at the clipboard after that.
      await app.evaluate(async ({ app: electron }) => {
        const really = electron.quit.bind(electron);
        await new Promise<void>((resolve) => {
          electron.quit = resolve;
          electron.emit('will-quit', { preventDefault: () => undefined });
        });
        electron.quit = really;
      });
      expect(await onClipboard()).toBe('');
    },
  );
});
