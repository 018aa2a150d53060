import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultPolicy } from '../domain/contract/policy';
import { policyPath, readPolicy } from './policy';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chimed-policy-'));
  path = join(folder, 'policy.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('without a file the default holds', async () => {
  expect(await readPolicy(path)).toEqual(defaultPolicy);
  expect(defaultPolicy).toMatchObject({
    lock: { maxMinutes: 15, defaultMinutes: 10 },
    export: { allowed: 'all' },
    retention: { auditDays: 184, deletionAllowed: true },
  });
});

test('what the file says holds, and the rest is the default', async () => {
  await writeFile(path, '\uFEFF{"format":1,"lock":{"maxMinutes":3},"copy":{"allowed":false}}');
  const policy = await readPolicy(path);
  expect(policy.lock).toEqual({ maxMinutes: 3, defaultMinutes: 10 });
  expect(policy.copy.allowed).toBe(false);
  expect(policy.export).toEqual(defaultPolicy.export);
});

describe('a file that is not understood allows nothing', () => {
  test.each([
    ['{"format":1,"lock":{"maxMinutes":60}}', { at: 'lock.maxMinutes' }],
    ['{"format":1,"retention":{"auditDays":30}}', { at: 'retention.auditDays' }],
    ['{"format":1,"exprot":{"allowed":"none"}}', { at: 'exprot' }],
    ['{"format":1,"export":{"alowed":"none"}}', { at: 'export.alowed' }],
    ['{"lock":{}}', { at: 'format' }],
    ['{"format":1,', { at: 'JSON' }],
    ['', { at: 'JSON' }],
    [' '.repeat(100_000), { at: 'size' }],
  ])('%s', async (text, params) => {
    await writeFile(path, text);
    await expect(readPolicy(path)).rejects.toMatchObject({ code: 'POLICY_INVALID', params });
    expect(await readFile(path, 'utf-8')).toBe(text);
  });

  test('a newer one is named as newer', async () => {
    await writeFile(path, '{"format":2}');
    await expect(readPolicy(path)).rejects.toMatchObject({ code: 'STORE_NEWER' });
  });

  test('one that cannot be read', async () => {
    await expect(readPolicy(folder)).rejects.toMatchObject({ code: 'POLICY_INVALID' });
  });
});

test('it lies where only an administrator of the machine writes', () => {
  expect(policyPath('linux', {})).toBe('/etc/chimed-workstation/policy.json');
  expect(policyPath('darwin', {})).toContain('/Library/Application Support/');
  expect(policyPath('win32', { ProgramData: 'D:\\Data' })).toContain('D:\\Data');
});

test('the example in the document is a policy, and names every rule', async () => {
  const document = await readFile(new URL('../../docs/policy.md', import.meta.url), 'utf-8');
  const example = /```json\n([\s\S]*?)```/.exec(document)?.[1] ?? '';
  await writeFile(path, example);
  expect(await readPolicy(path)).toEqual(defaultPolicy);
  expect(JSON.parse(example)).toEqual(defaultPolicy);
});
