/**
 * `npm test`: types, lint, format, borders, unit, recipe, end-to-end (but for what is tagged as slow),
 * the first four side by side, the others in this order.
 * `npm test -- --only unit,e2e` runs a part.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endToEnd, endToEndOfTheMachine } from './end-to-end';
import { projectRoot } from './project';
import { runSuite, type Step } from './suite';
import { ensureSystemPackages } from './system-packages';
import { PlainError, runScript } from './terminal';

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
  const checks: Step[] = [
    { name: 'types', command: script('typecheck') },
    { name: 'lint', command: script('lint') },
    { name: 'format', command: script('format:check') },
    { name: 'borders', command: script('borders') },
  ];
  const tests: Step[] = [
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
    endToEnd(script('e2e')),
    endToEndOfTheMachine(script('e2e:machine')),
  ];
  const all = [...checks, ...tests];
  const only = values.only?.split(',');
  const unknown = only?.find((name) => !all.some((step) => step.name === name));
  if (unknown !== undefined)
    throw new PlainError(
      `There is no step "${unknown}". Steps: ${all.map(({ name }) => name).join(', ')}`,
    );
  const asked = (steps: readonly Step[]) =>
    steps.filter(({ name }) => only?.includes(name) ?? true);
  // A check keeps one core busy.
  return runSuite('npm test', [asked(checks), ...asked(tests)], 'out/reports/summary.json');
});
