/** Our engine in a utility process of Electron, as a place to measure speeds in. */
import { join } from 'node:path';
import type { ElectronApplication } from 'playwright-core';
import { build } from 'vite';
import type { LoadOptions } from '../../src-main/engine/load-llama-model';
import type { Speed, SpeedTest } from '../../src-main/evaluation/speed';
import { hostEnvironment } from '../../src-main/host/environment';
import { projectRoot } from '../project';
import { PlainError } from '../terminal';

export type HostBenchRequest =
  | {
      readonly type: 'load';
      readonly options: Pick<LoadOptions, 'path' | 'contextSize' | 'sequences' | 'threads'>;
    }
  | { readonly type: 'measure'; readonly test: SpeedTest; readonly repetitions: number };
export type HostBenchReply =
  | { readonly type: 'loaded'; readonly milliseconds: number }
  | { readonly type: 'speed'; readonly speed: Speed }
  | { readonly type: 'failed'; readonly reason: string };

/** In `globalThis` of the app's main process. */
interface MainGlobals {
  benchProcess?: Electron.UtilityProcess;
}

export class HostBench {
  private constructor(
    private readonly app: ElectronApplication,
    readonly pid: number,
  ) {}

  /** @throws PlainError where the process does not start */
  static async start(app: ElectronApplication): Promise<HostBench> {
    const entry = await bundled();
    const pid = await app.evaluate(
      async ({ utilityProcess }, { path, added }) => {
        const child = utilityProcess.fork(path, [], {
          serviceName: 'bench',
          stdio: 'inherit',
          env: { ...process.env, ...added },
        });
        (globalThis as MainGlobals).benchProcess = child;
        await new Promise((resolve) => child.once('spawn', () => resolve(undefined)));
        return child.pid;
      },
      { path: entry, added: hostEnvironment },
    );
    if (pid === undefined) throw new PlainError('The measuring process did not start.');
    return new HostBench(app, pid);
  }

  /** @returns milliseconds from the request to the loaded model */
  async load(options: Extract<HostBenchRequest, { type: 'load' }>['options']): Promise<number> {
    const reply = await this.#ask({ type: 'load', options });
    return reply.type === 'loaded' ? reply.milliseconds : this.#unexpected(reply);
  }

  /** Tokens a second; a warm-up comes before. */
  async measure(test: SpeedTest, repetitions: number): Promise<Speed> {
    const reply = await this.#ask({ type: 'measure', test, repetitions });
    return reply.type === 'speed' ? reply.speed : this.#unexpected(reply);
  }

  #ask(request: HostBenchRequest): Promise<HostBenchReply> {
    return this.app.evaluate(
      (_electron, message) =>
        new Promise<HostBenchReply>((resolve) => {
          const child = (globalThis as MainGlobals).benchProcess as Electron.UtilityProcess;
          child.once('message', (reply: HostBenchReply) => resolve(reply));
          child.once('exit', (code) => resolve({ type: 'failed', reason: `exit ${code}` }));
          child.postMessage(message);
        }),
      request,
    );
  }

  #unexpected(reply: HostBenchReply): never {
    throw new PlainError(reply.type === 'failed' ? reply.reason : `unexpected ${reply.type}`);
  }
}

/** The entry as one file, in the project's output, from where it finds the packages that stay outside. */
async function bundled(): Promise<string> {
  const outDir = join(projectRoot, 'out', 'bench');
  await build({
    configFile: false,
    root: projectRoot,
    logLevel: 'warn',
    ssr: { noExternal: ['zod'] },
    build: {
      ssr: join(import.meta.dirname, 'host-bench-entry.ts'),
      outDir,
      emptyOutDir: true,
      target: 'node20',
      rolldownOptions: { output: { format: 'es', entryFileNames: 'host-bench.js' } },
    },
  });
  return join(outDir, 'host-bench.js');
}
