/** docs/security.md names tests: each must be there, or a promise stands on nothing. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from './project';

/** `file`: words of a title, up to the next file, cell or sentence. */
const named = /`([^`\s]+\.(?:test|spec|proof)\.ts)`(?::\s*([^;|`]+))?/g;

it('every test that the document names exists, with that title', async () => {
  const text = await readFile(join(projectRoot, 'docs/security.md'), 'utf8');
  const missing: string[] = [];
  let count = 0;
  for (const [, file = '', words] of text.matchAll(named)) {
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
  }
  expect(missing).toEqual([]);
  expect(count).toBeGreaterThan(60);
});
