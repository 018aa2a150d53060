import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { whyNotTraced } from '../e2e/offline/isolation';
import { networkUse, traced } from '../e2e/offline/trace';
import { writeCheckpoint } from '../e2e/fixtures/checkpoint-writer';
import { docxOf, paragraph, run } from '../src-main/documents/fixtures/docx.fixture';
import { pdfOf, textAt } from '../src-main/documents/fixtures/pdf.fixture';
import { electronEnvironment, hasDisplay, sandboxArguments, startVirtualDisplay } from './display';
import { readFuseWire, releaseFuseWire } from './runtime/fuses';
import { PlainError } from './terminal';
import { trySamples } from './try-samples';

const startLimitMs = 60_000;

/**
 * Starts a packaged program on a data folder of its own, waits until its window is there and its
 * model is loaded, has it read a PDF and a Word file and
 * convert a small checkpoint, and ends it: a package may lack what only some
 * process of it loads. With every hardening fuse set there is no inspector to attach to,
 * so it is watched through Chromium's remote debugging; and where strace is, its sockets are too.
 *
 * @returns what was not looked at here, in words
 * @throws PlainError with the program's last output if it does not get there.
 */
export async function startPackaged(executable: string): Promise<readonly string[]> {
  const wire = await readFuseWire(executable);
  if (wire !== releaseFuseWire)
    throw new PlainError(`The fuses of the package are ${wire}, not ${releaseFuseWire}.`);
  const noTrace = process.platform === 'linux' ? whyNotTraced() : 'only Linux has strace';
  const display = hasDisplay() ? undefined : await startVirtualDisplay();
  const userData = await mkdtemp(join(tmpdir(), 'chimed-packaged-'));
  const trace = join(userData, 'trace.txt');
  const [program = '', ...args] = [
    ...(noTrace === undefined ? traced(trace) : []),
    ...[executable, ...sandboxArguments()],
    ...['--remote-debugging-port=0', `--user-data-dir=${userData}`],
  ];
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: electronEnvironment(display?.name),
  });
  let output = '';
  const ended = once(child, 'exit');
  try {
    const address = await debuggingAddress(child, (text) => (output += text));
    const browser = await chromium.connectOverCDP(address);
    const context = browser.contexts()[0];
    const page = context?.pages()[0] ?? (await context?.waitForEvent('page'));
    if (!page) throw new Error('it opened no window');
    await trySamples(page, startLimitMs);
    const settled = page.locator(
      '[data-testid="host-state"]:is([data-phase="ready"], [data-phase="failed"])',
    );
    await settled.waitFor({ timeout: startLimitMs });
    if ((await settled.getAttribute('data-phase')) === 'failed')
      throw new Error(`its model is not available (${await settled.innerText()})`);
    const checkpoint = join(userData, 'checkpoint');
    await writeCheckpoint(checkpoint);
    await readDocuments(page);
    await convert(page, checkpoint);
    await browser.close();
    if (noTrace === undefined) {
      // The tracer would leave alone what it traces.
      process.kill(Number.parseInt(await readFile(trace, 'utf8'), 10), 'SIGTERM');
      await ended;
      checkSockets(await readFile(trace, 'utf8'));
    }
    return noTrace === undefined ? [] : [`its sockets (${noTrace})`];
  } catch (error) {
    throw new PlainError(
      `The packaged program does not work: ${(error as Error).message}\n${ownWords(output)}`,
    );
  } finally {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(killer);
    }
    await display?.stop();
    await rm(userData, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** It talks to this machine's own sockets alone and listens for us alone. */
function checkSockets(trace: string): void {
  const { programs, outward, listening } = networkUse(trace);
  if (programs === 0) throw new Error('the trace is empty');
  if (outward.length > 0) throw new Error(`it reached out:\n${outward.join('\n')}`);
  if (listening.length !== 1 || !/^127\.0\.0\.1:\d+$/.test(listening[0] ?? ''))
    throw new Error(`it listens on ${listening.join(', ')}, not on our debugging port alone`);
}

/** The readers' thread out of the archive, with the maps that a PDF's Chinese is read by. */
async function readDocuments(page: Page): Promise<void> {
  const text = '患者高血压病史10年';
  const documents = {
    'report.pdf': pdfOf({ pages: [textAt(72, 700, text)] }),
    'summary.docx': docxOf(paragraph(run(text))),
  };
  await page.getByTestId('nav-records').click();
  for (const [name, buffer] of Object.entries(documents)) {
    await page
      .getByTestId('file-input')
      .setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
    const row = page.getByTestId('record-row').filter({ hasText: name.replace(/\..*/, '') });
    await row.or(page.getByRole('alert')).first().waitFor({ timeout: startLimitMs });
    const said = await page.getByRole('alert').allInnerTexts();
    if (said.length > 0) throw new Error(`it reads no ${name}: ${said.join(' ')}`);
    await page.getByTestId('record-body').filter({ hasText: text }).waitFor();
  }
}

/** Threads out of the archive, and the engine's library in a process of its own. */
async function convert(page: Page, folder: string): Promise<void> {
  const ended = await page.evaluate(async (from) => {
    const { chimed } = window;
    return new Promise<string>((resolve) => {
      chimed.subscribe('conversion.state', (state) => {
        if (state.phase !== 'running') resolve(JSON.stringify(state));
      });
      void chimed.invoke('conversion.start', { folder: from, type: 'q4_k_m' }).then((reply) => {
        if (!reply.ok) resolve(JSON.stringify(reply));
      });
    });
  }, folder);
  if (!ended.includes('"phase":"done"')) throw new Error(`it converts nothing: ${ended}`);
  const formats = await page.evaluate(async () => {
    const reply = await window.chimed.invoke('library.get');
    return reply.ok ? JSON.stringify(reply.value) : reply.problem.code;
  });
  // The checkpoint's own template, rendered in a thread of the package.
  if (!formats.includes('"id":"file-template"'))
    throw new Error(`it found no template: ${formats}`);
}

/** The address that Chromium prints once its debugging port listens. */
function debuggingAddress(child: ChildProcess, onOutput: (text: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const limit = setTimeout(() => reject(new Error('it stayed silent')), startLimitMs);
    const listen = (chunk: Buffer): void => {
      onOutput(chunk.toString());
      seen += chunk.toString();
      const address = /DevTools listening on (ws:\S+)/.exec(seen)?.[1];
      if (address === undefined) return;
      clearTimeout(limit);
      resolve(address);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`it ended with ${code ?? signal}`)));
  });
}

/** The end of what the program printed, without Chromium's complaints about the missing GPU. */
function ownWords(output: string): string {
  const lines = output.split('\n').filter((line) => !/^\[\d+:\d+\/[\d.]+:[A-Z]+:/.test(line));
  return lines.join('\n').trim().slice(-4_000);
}
