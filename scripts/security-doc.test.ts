/** docs/security.md names tests: each must be there, or a promise stands on nothing. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from './project';

/** `file`: words of a title, up to the next file, cell or sentence. */
const named = /(_slow_ )?`([^`\s]+\.(?:test|spec|proof)\.ts)`(?::\s*([^;|`]+))?/g;
const slowTests =
  /\btest\(\s*(?<quote>['"`])((?:(?!\k<quote>).)*)\k<quote>,\s*\{ tag: '@slow' \}/gs;

it('every test that the document names exists, with that title', async () => {
  const text = await readFile(join(projectRoot, 'docs/security.md'), 'utf8');
  const missing: string[] = [];
  const mistaken: string[] = [];
  let count = 0;
  for (const [, slow, file = '', words] of text.matchAll(named)) {
    count += 1;
    const path = join(projectRoot, file);
    if (!existsSync(path)) {
      missing.push(file);
      continue;
    }
    const title = words?.trim();
    if (title === undefined || title === '') continue;
    // A title may be written over several lines, or in parts.
    const source = (await readFile(path, 'utf8')).replace(/\s+/g, ' ');
    if (!source.includes(title)) missing.push(`${file}: ${title}`);
    const slowOnes = [...source.matchAll(slowTests)].map(([, , each = '']) => each);
    const isSlow = !file.endsWith('.spec.ts') || slowOnes.some((each) => each.includes(title));
    if (file.endsWith('.spec.ts') && isSlow !== (slow !== undefined)) mistaken.push(title);
  }
  expect(missing).toEqual([]);
  // Marked as slow, and tagged so, are the same.
  expect(mistaken).toEqual([]);
  expect(count).toBeGreaterThan(60);
});
