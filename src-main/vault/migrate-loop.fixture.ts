/**
 * A process that opens folders of version 1 one after the other, for the test that kills it.
 * Argument: a folder of such folders, named by numbers from 0.
 */
import { writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readPlainKey } from './key-file';
import { Vault } from './vault';

const [root = ''] = process.argv.slice(2);
const count = (await readdir(root)).length;
writeSync(1, 'begun\n');
for (let at = 0; at < count; at += 1) {
  const dir = join(root, String(at));
  const key = await readPlainKey(dir);
  if (!key) throw new Error('the fixture has no key');
  await (await Vault.open(dir, { keyId: key.id, key: key.bytes })).close();
}
