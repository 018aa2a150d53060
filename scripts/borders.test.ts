/** The borders check itself: each forbidden import, put into a small tree, must be found. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectRoot } from './project';

/** A file, what it imports, and the rule that must object; null where none may. */
const cases: readonly [file: string, imports: string, rule: string | null][] = [
  ['src-main/domain/a.ts', 'node:fs', 'domain-is-pure'],
  ['src-main/domain/b.ts', '../engine/llama-model', 'room-domain'],
  ['src-main/domain/c.ts', 'zod', null],
  ['src-main/tasks/a.ts', '../engine/llama-model', 'tasks-see-only-the-interface-of-engine'],
  ['src-main/tasks/b.ts', 'node:path', 'tasks-are-pure'],
  ['src-main/tasks/c.ts', '../engine/language-model', null],
  ['src-main/tasks/d.ts', '../library/a', 'room-tasks'],
  ['src-main/vault/a.ts', 'electron', 'electron-only-in-shell-and-roots'],
  ['src-main/worker/supervisor.ts', 'electron', null],
  ['src-main/host/a.ts', '../shell/a', 'shell-only-for-supervisors'],
  ['src-main/host/supervisor.ts', '../shell/a', null],
  ['src-main/library/a.ts', 'node-llama-cpp', 'llama-only-in-engine'],
  ['src-main/cli/a.ts', '../vault/a', 'room-cli'],
  ['src-renderer/features/one/a.ts', '../../../src-main/vault/a', 'renderer-sees-only-domain'],
  ['src-renderer/features/one/b.ts', 'node:fs', 'renderer-has-no-node'],
  ['src-renderer/features/one/c.ts', 'dexie', 'dexie-only-in-data'],
  ['src-renderer/features/one/d.ts', '../two/inside', 'features-keep-to-themselves'],
  ['src-renderer/features/one/e.ts', '../two/index', null],
  ['src-renderer/ui/a.ts', '../features/two/index', 'ui-knows-no-feature'],
  ['src-main/shell/a.ts', '../../scripts/a', 'source-does-not-import-tests-or-scripts'],
];
const targets = [
  'src-main/engine/llama-model.ts',
  'src-main/engine/language-model.ts',
  'src-renderer/features/two/inside.ts',
  'src-renderer/features/two/index.ts',
  'scripts/a.ts',
];

let found: { file: string; rule: string }[];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-borders-'));
  for (const file of targets) await write(file, 'export const it = 1;\n');
  for (const [file, imports] of cases) {
    await write(file, `import * as it from '${imports}';\nexport const all = it;\n`);
  }
  for (const name of ['tsconfig.json', 'package.json', '.dependency-cruiser.cjs']) {
    await cp(join(projectRoot, name), join(folder, name));
  }
  await symlink(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
  const tool = join(projectRoot, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const json = await new Promise<string>((resolve) => {
    // It ends with the number of violations, which is what is wanted here.
    execFile(
      process.execPath,
      [
        tool,
        '--config',
        '.dependency-cruiser.cjs',
        '--output-type',
        'json',
        'src-main',
        'src-renderer',
      ],
      { cwd: folder, maxBuffer: 1 << 26 },
      (_error, stdout) => resolve(stdout),
    );
  });
  const { summary } = JSON.parse(json) as {
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  found = summary.violations.map(({ from, rule }) => ({ file: from, rule: rule.name }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(file: string, content: string): Promise<void> {
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

it.each(cases)('%s importing %s: %s', (file, _imports, rule) => {
  const rules = found.filter((violation) => violation.file === file).map((one) => one.rule);
  if (rule === null) expect(rules).toEqual([]);
  else expect(rules).toContain(rule);
});
