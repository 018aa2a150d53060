/**
 * `npm test`: types, lint, format, borders, unit, recipe, end-to-end, in this order.
 * `npm test -- --only unit,e2e` runs a part.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuild } from './build';
import { hasDisplay } from './display';
import { projectRoot } from './project';
import { describeRuntime, resolveRuntime } from './runtime/resolve';
import { runSuite, type Step } from './suite';
import { ensureSystemPackages } from './system-packages';
import { PlainError, runScript, say } from './terminal';

async function prepareEndToEnd(): Promise<void> {
  ensureSystemPackages(hasDisplay() ? 'window' : 'virtual-display');
  await ensureBuild();
  say(describeRuntime(await resolveRuntime()));
}

await runScript(async () => {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const manifest = await readFile(join(projectRoot, 'package.json'), 'utf8');
  const { scripts } = JSON.parse(manifest) as { scripts: Record<string, string> };
  // The steps are the package's own scripts, so that running one alone is running the same.
  const script = (name: string): string => {
    const command = scripts[name];
    if (command === undefined) throw new PlainError(`package.json has no script "${name}"`);
    return command;
  };
  const unitReport = 'out/reports/unit.json';
  const recipeReport = 'out/reports/recipe.json';
  const all: Step[] = [
    { name: 'types', command: script('typecheck') },
    { name: 'lint', command: script('lint') },
    { name: 'format', command: script('format:check') },
    { name: 'borders', command: script('borders') },
    {
      name: 'unit',
      command: `${script('unit')} --reporter=default --reporter=json --outputFile.json=${unitReport}`,
      runner: 'vitest',
      report: unitReport,
    },
    {
      name: 'recipe',
      command: `${script('recipe')} ${recipeReport}`,
      runner: 'unittest',
      report: recipeReport,
      before: async () => ensureSystemPackages('recipe'),
    },
    {
      name: 'e2e',
      command: script('e2e'),
      runner: 'playwright',
      // Named in playwright.config.ts.
      report: 'out/reports/e2e.json',
      before: prepareEndToEnd,
    },
  ];
  const only = values.only?.split(',');
  const unknown = only?.find((name) => !all.some((step) => step.name === name));
  if (unknown !== undefined)
    throw new PlainError(
      `There is no step "${unknown}". Steps: ${all.map(({ name }) => name).join(', ')}`,
    );
  const steps = all.filter(({ name }) => only?.includes(name) ?? true);
  return runSuite('npm test', steps, 'out/reports/summary.json');
});
