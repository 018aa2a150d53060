import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { endProcess } from './end-process';

it('ends a process that does not want to, and says nothing of one that has ended', async () => {
  const script = "process.on('SIGTERM', () => 0); console.log('on'); setInterval(() => 0, 1000);";
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  endProcess(child.pid ?? 0);
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  expect(() => endProcess(child.pid ?? 0)).not.toThrow();
});
