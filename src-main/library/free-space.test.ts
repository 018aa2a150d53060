import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { demandSpace } from './free-space';

it('room is asked for before anything is written, and a folder that is not there is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'chimed-space-'));
  await expect(demandSpace(folder, 2 ** 60)).rejects.toMatchObject({ code: 'DISK_SPACE' });
  await expect(demandSpace(folder, 1)).resolves.toBeUndefined();
  await rm(folder, { recursive: true });
  await expect(demandSpace(folder, 1)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
});
