/**
 * The program opens no connection: proved where an attempt would be seen. Each proof stands beside a
 * control that does what is forbidden in the same world and is seen doing it.
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/project';
import { resolveRuntime } from '../../scripts/runtime/resolve';
import { say } from '../../scripts/terminal';
import { writeCheckpoint } from '../fixtures/checkpoint-writer';
import { observe, whyNotIsolated, whyNotTraced, type Observed } from './isolation';
import { networkUse, traced, type NetworkUse } from './trace';

const noWorld = whyNotIsolated();
const noTrace = noWorld ?? whyNotTraced();
if (noTrace !== undefined) say(`The offline proof cannot run here (skipped): ${noTrace}`);

const playwright = [
  process.execPath,
  join(projectRoot, 'node_modules/@playwright/test/cli.js'),
  ...['test', '--config', 'e2e/offline/playwright.config.ts'],
];
const isolated = { CHIMED_ISOLATED: 'yes' };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-proof-'));
  await writeCheckpoint(join(folder, 'checkpoint'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A model converted and quantized, inspected, verified, and a record extracted, one after another. */
function commandLine(prefix: readonly string[] = []): string[] {
  const chimed = [...prefix, process.execPath, 'bin/chimed.cjs'].map(quoted).join(' ');
  const model = quoted(join(folder, `model-${Math.random().toString(36).slice(2)}.gguf`));
  const commands = [
    `model convert ${quoted(join(folder, 'checkpoint'))} --type q4_k_m --threads 1 --out ${model}`,
    `model inspect ${model}`,
    'model verify models/default.gguf',
    'extract resources/samples/02-discharge-gastric.txt',
  ];
  return ['sh', '-ec', commands.map((command) => `${chimed} ${command} > /dev/null`).join('\n')];
}
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** Plain Node doing what the program must not; it waits for no answer. */
const forbidden = `
  const ignore = { on: () => {} };
  require('net').connect(80, '192.0.2.1').on('error', () => {});
  require('net').connect(80, '2001:db8::1').on('error', () => {});
  require('dgram').createSocket('udp4').send('x', 9, '192.0.2.2', () => {});
  require('dns').lookup('control.example', () => {});
  require('net').createServer().listen(0, '0.0.0.0');
  setTimeout(() => process.exit(0), 1500);`;

function expectSuccess({ exitCode, output }: Observed): void {
  expect(exitCode, output.slice(-4_000)).toBe(0);
}
function expectSilence(observed: Observed): void {
  expectSuccess(observed);
  const { packets, unroutable, queries } = observed;
  expect({ packets, unroutable, queries }).toEqual({ packets: 0, unroutable: 0, queries: [] });
}

describe.skipIf(noWorld !== undefined)('where every packet and every DNS query is counted', () => {
  it('a control that connects and looks a name up is counted, so the proofs below can fail', async () => {
    const observed = await observe('black-hole', [process.execPath, '-e', forbidden]);
    expectSuccess(observed);
    expect(observed.packets).toBeGreaterThanOrEqual(3);
    expect(observed.queries).toContain('control.example');
  });

  it('the whole work with records and models in the window: 0 packets, 0 queries', async () => {
    const flow = [...playwright, 'main-job', 'records.spec'];
    const observed = await observe('black-hole', flow, isolated);
    expectSilence(observed);
    expect(observed.output).toMatch(/\b1[2-9] passed/);
  });

  it('the command line, also converting and quantizing a model: 0 packets, 0 queries', async () => {
    expectSilence(await observe('black-hole', commandLine()));
  });

  it.each([
    ['in our own page', 'locked: our own page'],
    ['without a content security policy', 'locked: another page'],
  ])('a hostile page %s reaches nothing: 0 packets, 0 queries', async (_where, test) => {
    const observed = await observe('black-hole', [...playwright, 'hostile', '-g', test], isolated);
    expectSilence(observed);
    expect(observed.output).toMatch(/\b1 passed/);
  });

  it('the same page in an Electron without our refusals is counted dozens of times', async () => {
    const flow = [...playwright, 'hostile', '-g', 'unlocked'];
    const observed = await observe('black-hole', flow, isolated);
    expectSuccess(observed);
    expect(observed.packets).toBeGreaterThan(30);
    expect(new Set(observed.queries).size).toBeGreaterThan(10);
    expect(observed.queries).toEqual(expect.arrayContaining(['stun.leak.example']));
  });
});

describe.skipIf(noWorld !== undefined)('where there is no network at all', () => {
  it('a control that connects is seen being refused', async () => {
    const observed = await observe('bare', [process.execPath, '-e', forbidden]);
    expectSuccess(observed);
    expect(observed.unroutable).toBeGreaterThanOrEqual(3);
  });

  it('the window and the command line work and try nothing', async () => {
    expectSilence(await observe('bare', [...playwright, 'main-job'], isolated));
    expectSilence(await observe('bare', commandLine()));
  });
});

describe.skipIf(noTrace !== undefined)('under a tracer', () => {
  async function use(
    command: (output: string) => readonly string[],
    env = {},
  ): Promise<NetworkUse> {
    const output = join(folder, 'trace.txt');
    expectSuccess(await observe('bare', command(output), { ...isolated, ...env }));
    return networkUse(await readFile(output, 'utf8'));
  }

  it('a control that connects, sends, looks up and listens is seen in all of it', async () => {
    const { outward, listening } = await use((output) => [
      ...traced(output),
      ...[process.execPath, '-e', forbidden],
    ]);
    expect(outward.join('\n')).toMatch(/connect.*192\.0\.2\.1/);
    expect(outward.join('\n')).toMatch(/connect.*2001:db8::1/);
    expect(outward.join('\n')).toMatch(/(sendto|sendmsg|sendmmsg|connect).*192\.0\.2\.2/);
    expect(listening).toEqual([expect.stringMatching(/^0\.0\.0\.0:\d+$/)]);
  });

  it('the window talks to this machine alone and listens for the test driver alone', async () => {
    const { executable } = await resolveRuntime();
    const { calls, outward, listening } = await use(
      () => [...playwright, 'main-job', '-g', 'sample record'],
      {
        CHIMED_ELECTRON: await tracedProgram(executable),
      },
    );
    expect(outward).toEqual([]);
    // Node's inspector and Chromium's, both asked for by the driver.
    expect(listening).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    ]);
    expect(calls).toBeGreaterThan(500);
  });

  it('the command line talks to nobody and listens to nobody', async () => {
    const whole = commandLine();
    const { programs, outward, listening } = await use((output) => [...traced(output), ...whole]);
    expect(outward).toEqual([]);
    expect(listening).toEqual([]);
    // The shell, four commands, and the quantizer that one of them starts.
    expect(programs).toBeGreaterThanOrEqual(6);
  });

  /** A program that stands for another one and runs it under the tracer. */
  async function tracedProgram(executable: string): Promise<string> {
    const script = join(folder, 'traced');
    const command = [...traced(join(folder, 'trace.txt')), executable].map(quoted).join(' ');
    await writeFile(script, `#!/bin/sh\nexec ${command} "$@"\n`);
    await chmod(script, 0o755);
    return script;
  }
});
