/** Counts of a test run, read from what the runners wrote about themselves. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

/** Outcome of one step; a step that ran no tests has failed. */
export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const failedStep: Count = { passed: 0, failed: 1, skipped: 0 };

const vitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
});

const playwrightReport = z.object({
  stats: z.object({
    expected: z.int(),
    unexpected: z.int(),
    flaky: z.int(),
    skipped: z.int(),
  }),
});

/** Of `models/nano/tests`. */
const unittestReport = z.object({
  passed: z.int(),
  failed: z.int(),
  skipped: z.int(),
});

export type Runner = 'vitest' | 'playwright' | 'unittest';

/**
 * What a runner's JSON report says, held against its exit code: a failure that is no test's (a file
 * that does not load, a missing or unreadable report, no test at all) counts as one failed.
 */
export function countOf(runner: Runner, report: unknown, exitCode: number): Count {
  const count = readers[runner](report);
  if (!count) return failedStep;
  const unexplained = count.failed === 0 && (exitCode !== 0 || count.passed === 0);
  return unexplained ? { ...count, failed: 1 } : count;
}

function fromVitest(report: unknown): Count | undefined {
  const { success, data } = vitestReport.safeParse(report);
  if (!success) return undefined;
  const skipped = data.numPendingTests + data.numTodoTests;
  return { passed: data.numPassedTests, failed: data.numFailedTests, skipped };
}

function fromPlaywright(report: unknown): Count | undefined {
  const { success, data } = playwrightReport.safeParse(report);
  if (!success) return undefined;
  const { expected, unexpected, flaky, skipped } = data.stats;
  // A test that passed only at a second try has failed once.
  return { passed: expected, failed: unexpected + flaky, skipped };
}

const readers: Record<Runner, (report: unknown) => Count | undefined> = {
  vitest: fromVitest,
  playwright: fromPlaywright,
  unittest: (report) => unittestReport.safeParse(report).data,
};

/** The content of a JSON file, or undefined if it is missing or not JSON. */
export async function readReport(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Removes a report of an earlier run, so that it cannot be taken for this one's. */
export async function discardReport(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await rm(file, { force: true });
}

export function total(counts: readonly Count[]): Count {
  return counts.reduce((sum, { passed, failed, skipped }) => ({
    passed: sum.passed + passed,
    failed: sum.failed + failed,
    skipped: sum.skipped + skipped,
  }));
}

/** Writes the sum of a suite for `.ci/run`, which adds the suites up. */
export async function writeSummary(file: string, sum: Count): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(sum)}\n`);
}
