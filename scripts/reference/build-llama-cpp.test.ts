import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../project';

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const script = join(import.meta.dirname, 'build-llama-cpp.ts');

function build(args: readonly string[], path = process.env['PATH']): { code: number; err: string } {
  const { status, stderr } = spawnSync(process.execPath, ['--import', tsx, script, ...args], {
    env: { ...process.env, PATH: path },
    encoding: 'utf8',
  });
  return { code: status ?? -1, err: stderr };
}

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'chimed-reference-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('building the reference', () => {
  it('is refused in this project, also through a link, and leaves nothing', () => {
    const link = join(folder, 'link');
    symlinkSync(projectRoot, link);
    for (const inside of [join(projectRoot, 'reference', 'a'), join(link, 'reference')]) {
      const { code, err } = build([inside]);
      expect([code, err]).toEqual([1, expect.stringContaining('lies in this project')]);
    }
    expect(readdirSync(projectRoot)).not.toContain('reference');
    expect(build([]).code).toBe(1);
  });

  it('says which tools are missing before it writes anything', () => {
    const { code, err } = build([join(folder, 'new')], folder);
    expect(code).toBe(1);
    expect(err).toMatch(/^Not found: git, cmake, ninja, c\+\+\. /m);
    expect(readdirSync(folder)).toEqual([]);
  });
});
