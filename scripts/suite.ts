/** Runs the steps of a suite, each with its output, and sums up what they say. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { projectRoot } from './project';
import {
  countOf,
  discardReport,
  failedStep,
  readReport,
  total,
  writeSummary,
  type Count,
  type Runner,
} from './reports';
import { PlainError, say } from './terminal';

/** One step of a suite. */
export interface Step {
  readonly name: string;
  /** A shell command line; the project's own tools are on its PATH. */
  readonly command: string;
  /** Whose report counts the tests; a step without a runner counts as one. */
  readonly runner?: Runner;
  /** The runner's JSON report, relative to the project. */
  readonly report?: string;
  /** What must be in place before; a failure fails the step. */
  readonly before?: () => Promise<void>;
}

/**
 * Runs every step, also after a failed one, and prints a table and one line with the sum.
 *
 * @param steps one after another; those of a list as many at a time as there are cores, where the output
 *   of each is shown when it ends.
 * @param title the command that a person typed; begins the last line.
 * @param summary file for the sum, relative to the project; removed first.
 * @returns the exit code: 0 only if every step ran something and nothing failed.
 */
export async function runSuite(
  title: string,
  steps: readonly (Step | readonly Step[])[],
  summary: string,
): Promise<number> {
  await discardReport(join(projectRoot, summary));
  const rows: Row[] = [];
  for (const step of steps) {
    if ('name' in step) rows.push(await timed(step, 'at once'));
    else rows.push(...(await sideBySide(step)));
  }
  say('');
  for (const { name, count, seconds } of rows)
    say(
      `${count.failed === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(10)} ${seconds.toFixed(0).padStart(4)} s` +
        `  ${count.passed} ok, ${count.failed} bad, ${count.skipped} skipped`,
    );
  const sum = total(rows.map(({ count }) => count));
  await writeSummary(join(projectRoot, summary), sum);
  process.stdout.write(`${title}: ${sum.passed} passed, ${sum.failed} failed\n`);
  return sum.failed === 0 ? 0 : 1;
}

interface Row {
  readonly name: string;
  readonly count: Count;
  readonly seconds: number;
}

/** When the output of a step is shown. */
type Shown = 'at once' | 'at its end';

/** @returns the rows in the order of the steps */
async function sideBySide(steps: readonly Step[]): Promise<Row[]> {
  const rows: Row[] = [];
  const waiting = [...steps.entries()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, step] = next;
      rows[index] = await timed(step, 'at its end');
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return rows;
}

async function timed(step: Step, shown: Shown): Promise<Row> {
  const start = performance.now();
  const heading = `\n== ${step.name}: ${step.command}`;
  if (shown === 'at once') say(heading);
  const count = await runStep(step, shown === 'at once' ? null : heading);
  return { name: step.name, count, seconds: (performance.now() - start) / 1_000 };
}

/** @param heading shown with the output once the step has ended; null shows the output as it comes */
async function runStep(step: Step, heading: string | null): Promise<Count> {
  try {
    await step.before?.();
  } catch (error) {
    say(error instanceof PlainError ? error.message : String((error as Error).stack));
    return failedStep;
  }
  const report = step.report === undefined ? undefined : join(projectRoot, step.report);
  if (report !== undefined) await discardReport(report);
  const exitCode = await shell(step.command, heading);
  if (step.runner === undefined || report === undefined)
    return exitCode === 0 ? { passed: 1, failed: 0, skipped: 0 } : failedStep;
  const count = countOf(step.runner, await readReport(report), exitCode);
  if (count.passed + count.failed + count.skipped === 0 || count.passed === 0)
    say(`${step.name}: no test passed (see ${relative(projectRoot, report)})`);
  return count;
}

async function shell(command: string, heading: string | null): Promise<number> {
  const tools = join(projectRoot, 'node_modules', '.bin');
  const child = spawn(command, {
    cwd: projectRoot,
    shell: true,
    stdio: heading === null ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${tools}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (heading !== null) {
    say(heading);
    process.stderr.write(Buffer.concat(output));
  }
  return code ?? 1;
}
