import type { SaveDialogOptions } from 'electron';
import { expect, test } from 'vitest';
import { AppError } from '../domain/contract/errors';
import { policySchema, type Policy } from '../domain/contract/policy';
import type { SaveOrder } from '../domain/contract/save-file';
import { SaveTickets, type NewTicket } from './save-tickets';

const original: SaveOrder = { format: 'txt', count: 1, deidentified: false };
const deidentified: SaveOrder = { ...original, deidentified: true };

function start(allowed: Policy['export']['allowed'] = 'all') {
  const granted: NewTicket[] = [];
  const exported: SaveOrder[] = [];
  const asked: SaveDialogOptions[] = [];
  const chosen: SaveOrder[] = [];
  const log: { problem: AppError | null } = { problem: null };
  const tickets = new SaveTickets({
    policy: () => policySchema.parse({ format: 1, export: { allowed } }),
    locale: () => 'zh-CN',
    folder: () => '/home/doctor',
    onChosen: async (order) => {
      expect(granted.filter(({ dictionary }) => !dictionary)).toHaveLength(chosen.length);
      if (log.problem) throw log.problem;
      chosen.push(order);
    },
    grant: async (ticket) => void granted.push(ticket),
    onExported: (order) => exported.push(order),
  });
  const choose = (path: string | null) => async (options: SaveDialogOptions) => {
    asked.push(options);
    return path;
  };
  return { tickets, granted, exported, asked, chosen, log, choose };
}

test('the page gets a ticket, the worker the path', async () => {
  const { tickets, granted, choose } = start();
  const ticket = await tickets.issue(original, choose('/media/张三.txt'));
  expect(ticket).toMatch(/^[0-9a-f-]{36}$/);
  const allowed = { deidentified: false, dictionary: false };
  expect(granted).toEqual([{ id: ticket, path: '/media/张三.txt', format: 'txt', ...allowed }]);
});

test('that a place was chosen is told before anything can be written there, and where that fails nothing can', async () => {
  const { tickets, granted, chosen, log, choose } = start();
  await tickets.issue(original, choose('/a'));
  await tickets.issue(original, choose(null));
  expect(chosen).toEqual([original]);
  log.problem = new AppError('DISK_FULL');
  await expect(tickets.issue(original, choose('/b'))).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(granted).toHaveLength(1);
});

test('an export of facts is called so, with the ending that its format has', async () => {
  const { tickets, asked, granted, choose } = start();
  for (const format of ['xlsx', 'fhir'] as const)
    await tickets.issue({ ...deidentified, format }, choose('/a'));
  await tickets.issue({ ...deidentified, format: 'csv', dictionary: true }, choose('/b'));
  expect(asked.map(({ defaultPath }) => defaultPath?.replace(/[0-9]/g, '0'))).toEqual([
    expect.stringMatching(/去标识抽取结果_00000000-0000\.xlsx$/),
    expect.stringMatching(/去标识抽取结果_00000000-0000\.fhir\.json$/),
    expect.stringMatching(/数据字典_00000000-0000\.csv$/),
  ]);
  expect(asked[1]?.filters).toEqual([{ name: 'FHIR R4', extensions: ['json'] }]);
  expect(granted.map(({ deidentified: only, dictionary }) => [only, dictionary])).toEqual([
    [true, false],
    [true, false],
    [true, true],
  ]);
});

test('what the worker counted is noted; a dictionary holds no record and is not', async () => {
  const { tickets, exported, choose } = start();
  const facts = await tickets.issue({ ...deidentified, format: 'csv' }, choose('/a'));
  const meanings = await tickets.issue(
    { ...deidentified, format: 'csv', dictionary: true },
    choose('/b'),
  );
  tickets.written(facts ?? '', 7);
  tickets.written(meanings ?? '');
  expect(exported).toEqual([{ ...deidentified, format: 'csv', count: 7 }]);
});

test('the suggested name tells when and what, and nothing of the record', async () => {
  const { tickets, asked, choose } = start();
  await tickets.issue(original, choose(null));
  await tickets.issue(deidentified, choose(null));
  expect(asked.map(({ defaultPath }) => defaultPath?.replace(/[0-9]/g, '0'))).toEqual([
    expect.stringMatching(/病历_00000000-0000\.txt$/),
    expect.stringMatching(/去标识病历_00000000-0000\.txt$/),
  ]);
  expect(asked[0]?.properties).toContain('dontAddToRecent');
});

test('a closed dialog gives no ticket', async () => {
  const { tickets, granted, choose } = start();
  expect(await tickets.issue(original, choose(null))).toBeNull();
  expect(granted).toEqual([]);
});

test('what the policy forbids is refused before a dialog is shown', async () => {
  const forbidden = { code: 'POLICY_FORBIDS' };
  const none = start('none');
  await expect(none.tickets.issue(deidentified, none.choose('/a'))).rejects.toMatchObject(
    forbidden,
  );
  const some = start('deidentified');
  await expect(some.tickets.issue(original, some.choose('/a'))).rejects.toMatchObject(forbidden);
  expect([...none.asked, ...some.asked]).toEqual([]);
  expect(await some.tickets.issue(deidentified, some.choose('/a'))).not.toBeNull();
});

test('a dialog that was open while it was locked gives nothing to whoever signs in next', async () => {
  const { tickets, granted } = start();
  let close: (path: string) => void = () => undefined;
  const issued = tickets.issue(original, () => new Promise((resolve) => (close = resolve)));
  tickets.drop();
  close('/a');
  await expect(issued).rejects.toMatchObject({ code: 'VAULT_LOCKED' });
  expect(granted).toEqual([]);
});

test('an export is noted once, when the file is there, and not for other tickets', async () => {
  const { tickets, exported, choose } = start();
  const ticket = await tickets.issue(deidentified, choose('/a'));
  expect(exported).toEqual([]);
  tickets.written('00000000-0000-4000-8000-000000000000');
  tickets.written(ticket ?? '');
  tickets.written(ticket ?? '');
  expect(exported).toEqual([deidentified]);
});
