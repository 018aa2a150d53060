/** The model's process, killed with no warning at random moments of a batch, and begun anew each time. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { modelSha256, openDesk, orderOf, titlesAndRuns, type OpenedDesk } from './batch.fixture';
import { HostExtractor } from './extractor';

const script = fileURLToPath(new URL('./host-process.fixture.ts', import.meta.url));
const count = 300;
const kills = 12;

let root = '';
let host: ChildProcess | null = null;
let deaths = 0;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chimed-host-kill-'));
});
afterEach(async () => {
  host?.kill('SIGKILL');
  await rm(root, { recursive: true, force: true });
});

/** As main does: a process, its port to the worker, and news of what it has loaded. */
function beginHost(extractor: HostExtractor, seed: number): void {
  const child = fork(script, [String(seed)], { execArgv: ['--import', 'tsx'] });
  host = child;
  extractor.adopt({
    post: (message) => void (child.connected && child.send(message as object, () => undefined)),
    onMessage: (listener) => void child.on('message', listener),
    onClose: (listener) => void child.once('exit', listener),
    close: () => undefined,
  });
  extractor.hear({ deaths, models: [{ sha256: modelSha256, sequences: 4 }] });
}

async function killHost(extractor: HostExtractor): Promise<void> {
  if (!host) return;
  const exited = once(host, 'exit');
  host.kill('SIGKILL');
  await exited;
  deaths += 1;
  extractor.hear({ deaths, models: [] });
}

/** Resolves once so many changes of records were told. */
function changes(): { told: () => void; wait: (more: number) => Promise<void> } {
  let seen = 0;
  return {
    told: () => void (seen += 1),
    wait: async (more) => {
      const wanted = seen + more;
      await vi.waitFor(() => expect(seen).toBeGreaterThanOrEqual(wanted), {
        ...{ timeout: 60_000, interval: 2 },
      });
    },
  };
}

const settled = ({ desk }: OpenedDesk, id: string): Promise<void> =>
  vi.waitFor(() => expect(desk.summary(id)).toMatchObject({ phase: 'finished', unsaved: 0 }), {
    timeout: 60_000,
    interval: 20,
  });

test('the host killed a dozen times at random moments: every record has one result, none is lost, none is twice', async () => {
  const dir = join(root, 'data');
  await mkdir(dir);
  const extractor = new HostExtractor();
  const { told, wait } = changes();
  const opened = await openDesk(dir, extractor, { onChange: told });
  try {
    const notes = Array.from({ length: count }, (_, i) => `${1000 + i}患者头痛三天。`);
    beginHost(extractor, 1);
    const source = { kind: 'notes' as const, notes };
    const id = await opened.desk.start({ ...orderOf(), source });
    for (let kill = 0; kill < kills; kill += 1) {
      await wait(8 + ((kill * 37) % 41));
      await killHost(extractor);
      beginHost(extractor, kill + 2);
    }
    // Otherwise the last ones interrupted nothing.
    expect(opened.desk.summary(id)?.phase).toBe('running');
    await settled(opened, id);

    const items = opened.desk.items(id);
    expect(items).toHaveLength(count);
    // One that was there at two deaths is given up until somebody asks for it; no other one is.
    const codes = items.map(({ state, problem }) => problem?.code ?? state);
    expect(codes.filter((code) => code !== 'completed' && code !== 'HOST_DIED')).toEqual([]);
    const completed = codes.filter((code) => code === 'completed').length;
    expect((await titlesAndRuns(opened.vault)).runs).toHaveLength(completed);

    if (completed < count) await opened.desk.retry(id);
    await settled(opened, id);
    expect(opened.desk.summary(id)?.counts).toMatchObject({ total: count, completed: count });
    const { titles, runs } = await titlesAndRuns(opened.vault);
    expect(titles).toHaveLength(count);
    expect(runs).toHaveLength(count);
    expect(new Set(runs).size).toBe(count);
    expect(opened.problems).toEqual([]);
  } finally {
    await opened.close();
  }
}, 120_000);
