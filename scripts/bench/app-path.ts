/** The real app as a place to measure in: start-up, memory, and extraction through its ports. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication, Page } from 'playwright-core';
import { electronEnvironment } from '../display';
import { launchElectron } from '../launch';
import { projectRoot } from '../project';
import type { Runtime } from '../runtime/resolve';
import { trySamples } from '../try-samples';

export interface BenchApp {
  readonly app: ElectronApplication;
  readonly page: Page;
  close(): Promise<void>;
}

export async function startBenchApp(
  runtime: Runtime,
  display: string | undefined,
  env: Record<string, string> = {},
): Promise<BenchApp> {
  const userData = await mkdtemp(join(tmpdir(), 'chimed-bench-'));
  const app = await launchElectron({
    executable: runtime.executable,
    args: [`--user-data-dir=${userData}`, projectRoot],
    env: { ...electronEnvironment(display), ...env },
  });
  const page = await app.firstWindow();
  await trySamples(page);
  // tsx wraps named functions in a helper that a function sent to the page does not find there.
  await page.evaluate('globalThis.__name = (named) => named');
  return {
    app,
    page,
    close: async () => {
      await app.close();
      await rm(userData, { recursive: true, force: true });
    },
  };
}

/** Milliseconds of one extraction, from the page's request to its last answer, over a port of its own. */
export function extractThroughPort(page: Page, text: string, schema: string): Promise<number> {
  return page.evaluate(
    async ([note, id]) => {
      const port = await new Promise<MessagePort>((resolve) => {
        // In the capture phase, so that the page's own connection does not take the port.
        const take = (event: MessageEvent): void => {
          event.stopImmediatePropagation();
          window.removeEventListener('message', take, true);
          resolve(event.ports[0] as MessagePort);
        };
        window.addEventListener('message', take, true);
        void window.chimed.invoke('host.connect');
      });
      const start = performance.now();
      const ended = new Promise<string>((resolve) => {
        port.onmessage = ({ data }: MessageEvent<{ type: string }>) => {
          if (data.type !== 'event') resolve(data.type);
        };
      });
      port.postMessage({
        type: 'request',
        id: 'bench',
        method: 'extraction.run',
        params: { text: note, schema: id },
      });
      const how = await ended;
      const time = performance.now() - start;
      port.close();
      if (how !== 'result') throw new Error(`the run ended with ${how}`);
      return time;
    },
    [text, schema] as const,
  );
}

/**
 * Milliseconds from starting the process to a page that can be used.
 * @param folder kept between calls, so that both sides start as on any day but the first
 */
export async function timeToInteractive(
  runtime: Runtime,
  display: string | undefined,
  which: 'workstation' | 'bare',
  folder: string,
): Promise<number> {
  const bare = join(folder, 'bare-app');
  if (which === 'bare') {
    await mkdir(bare, { recursive: true });
    await writeFile(join(bare, 'package.json'), '{"name":"bare","main":"main.cjs"}');
    await writeFile(
      join(bare, 'main.cjs'),
      "const {app,BrowserWindow}=require('electron');app.whenReady().then(()=>new BrowserWindow({width:1280,height:800}).loadFile('page.html'));",
    );
    await writeFile(join(bare, 'page.html'), '<!doctype html><p data-testid="gate">static</p>');
  }
  const start = performance.now();
  const app = await launchElectron({
    executable: runtime.executable,
    args: [
      `--user-data-dir=${join(folder, `${which}-data`)}`,
      which === 'bare' ? bare : projectRoot,
    ],
    env: electronEnvironment(display),
  });
  const page = await app.firstWindow();
  await page.getByTestId('gate').waitFor();
  // Two frames: the page has been painted and takes input.
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
  const time = performance.now() - start;
  await app.close();
  return time;
}

/** Resident memory of each process, MiB. */
export function residentMemory(app: ElectronApplication): Promise<{ name: string; mib: number }[]> {
  return app.evaluate(({ app: electron }) =>
    electron.getAppMetrics().map((metric) => ({
      name: metric.name ?? metric.type,
      mib: Math.round(metric.memory.workingSetSize / 1024),
    })),
  );
}
