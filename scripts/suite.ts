/** Runs the steps of a suite one after another, each with its output, and sums up what they say. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
 * @param title the command that a person typed; begins the last line.
 * @param summary file for the sum, relative to the project; removed first.
 * @returns the exit code: 0 only if every step ran something and nothing failed.
 */
export async function runSuite(
  title: string,
  steps: readonly Step[],
  summary: string,
): Promise<number> {
  await discardReport(join(projectRoot, summary));
  const rows: { name: string; count: Count; seconds: number }[] = [];
  for (const step of steps) {
    say(`\n== ${step.name}: ${step.command}`);
    const start = performance.now();
    const count = await runStep(step);
    rows.push({ name: step.name, count, seconds: (performance.now() - start) / 1_000 });
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

async function runStep(step: Step): Promise<Count> {
  try {
    await step.before?.();
  } catch (error) {
    say(error instanceof PlainError ? error.message : String((error as Error).stack));
    return failedStep;
  }
  const report = step.report === undefined ? undefined : join(projectRoot, step.report);
  if (report !== undefined) await discardReport(report);
  const exitCode = await shell(step.command);
  if (step.runner === undefined || report === undefined)
    return exitCode === 0 ? { passed: 1, failed: 0, skipped: 0 } : failedStep;
  const count = countOf(step.runner, await readReport(report), exitCode);
  if (count.passed + count.failed + count.skipped === 0 || count.passed === 0)
    say(`${step.name}: no test passed (see ${relative(projectRoot, report)})`);
  return count;
}

async function shell(command: string): Promise<number> {
  const tools = join(projectRoot, 'node_modules', '.bin');
  const child = spawn(command, {
    cwd: projectRoot,
    shell: true,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${tools}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
