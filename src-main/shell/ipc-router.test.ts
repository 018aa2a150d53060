import { describe, expect, it } from 'vitest';
import { AppError } from '../domain/contract/errors';
import type { Settings } from '../domain/contract/ipc';
import type { InvokeHandlers, Sender } from '../domain/contract/ipc-handlers';
import { defaultPolicy } from '../domain/contract/policy';
import { route, type RouterOptions } from './ipc-router';
import { ownPageOf } from './own-page';

const settings: Settings = { locale: 'zh-CN', theme: 'system', zoom: 1 };
const page: Sender = {
  frameUrl: 'app://chimed/index.html',
  isTopFrame: true,
  isOurWindow: true,
  id: 1,
};

function router(changes: Partial<InvokeHandlers> = {}): RouterOptions & { calls: string[] } {
  const calls: string[] = [];
  const handlers: InvokeHandlers = {
    'app.info': () => ({ version: '0', electron: '0', runtime: 'registry', platform: 'linux' }),
    'settings.get': () => settings,
    'settings.set': (change) => {
      calls.push('settings.set');
      return { ...settings, ...(change as Partial<Settings>) };
    },
    'vault.key': () => {
      calls.push('vault.key');
      return { keyId: 'k', bytes: new Uint8Array(32) };
    },
    'vault.state': () => ({ phase: 'absent', trial: false }),
    'policy.get': () => defaultPolicy,
    'vault.try': () => undefined,
    'vault.found': () => {
      throw new AppError('PASSPHRASE_TOO_SHORT');
    },
    'vault.confirm': () => undefined,
    'vault.signIn': () => undefined,
    'vault.recover': () => undefined,
    'vault.lock': () => undefined,
    'review.sign': () => {
      throw new AppError('VAULT_LOCKED');
    },
    'reply.sign': () => {
      throw new AppError('VAULT_LOCKED');
    },
    'reply.copy': () => undefined,
    'audit.signs': () => undefined,
    'vault.put-away': () => undefined,
    'rotation.start': () => undefined,
    'rotation.state': () => ({ phase: 'idle' }),
    'rotation.seen': () => undefined,
    'recovery.renew': () => {
      throw new AppError('FORBIDDEN_ROLE');
    },
    'recovery.confirm': () => undefined,
    'users.list': () => [],
    'users.names': () => [],
    'users.add': () => {
      throw new AppError('STAFF_NUMBER_TAKEN');
    },
    'users.remove': () => undefined,
    'users.reset': () => undefined,
    'users.passphrase': () => undefined,
    'backup.state': () => ({
      destination: null,
      schedule: 'off',
      running: false,
      last: null,
      problem: null,
    }),
    'backup.choose': () => undefined,
    'backup.schedule': () => undefined,
    'backup.now': () => {
      throw new AppError('BACKUP_PLACE_MISSING');
    },
    'backup.known': () => [],
    'vault.wipe': () => undefined,
    'restore.offer': () => undefined,
    'restore.choose': () => null,
    'restore.run': () => undefined,
    'batch.choose': () => null,
    'batch.offer': () => '00000000-0000-4000-8000-000000000000',
    'files.anyFolder': () => false,
    'evaluation.choose': () => null,
    'batch.locked': () => null,
    'audit.viewed': () => undefined,
    'audit.printed': () => undefined,
    'audit.read': () => ({ entries: [], next: null }),
    'audit.verify': () => ({
      entries: 0,
      anchors: 0,
      certainTo: null,
      certainFrom: null,
      faults: [],
    }),
    'audit.export': () => null,
    'audit.people': () => [],
    'clipboard.write': () => undefined,
    'files.save': () => null,
    'host.connect': () => undefined,
    'worker.connect': () => undefined,
    'host.state': () => ({ process: { phase: 'starting' }, models: [] }),
    'worker.state': () => ({ phase: 'starting' }),
    'host.restart': () => undefined,
    'library.catalog': () => [],
    'library.get': () => ({ models: [], assignments: {}, active: null }),
    'library.choose': () => null,
    'library.examine': () => {
      throw new AppError('MODEL_MISSING');
    },
    'library.import': () => undefined,
    'library.import.state': () => ({ phase: 'idle' }),
    'library.import.control': () => undefined,
    'library.locate': () => false,
    'library.remove': () => undefined,
    'library.fit': () => {
      throw new AppError('MODEL_UNKNOWN');
    },
    'library.settings': () => undefined,
    'conversion.choose': () => null,
    'conversion.start': () => undefined,
    'conversion.cancel': () => undefined,
    'conversion.state': () => ({ phase: 'idle' }),
    'library.formats': () => [],
    'library.format': () => undefined,
    'library.assign': () => undefined,
    'library.activate': () => undefined,
    ...changes,
  };
  return { handlers, isOurWindow: () => true, demand: () => undefined, calls };
}

describe('the router answers our own page only', () => {
  it('answers a known channel with a fitting payload', async () => {
    expect(await route(router(), page, 'settings.set', { theme: 'dark' })).toEqual({
      ok: true,
      value: { ...settings, theme: 'dark' },
    });
  });

  it.each([
    ['a page of another origin', { frameUrl: 'https://example.org/index.html' }],
    ['another host of our scheme', { frameUrl: 'app://other/index.html' }],
    ['a look-alike', { frameUrl: 'app://chimed.example.org/index.html' }],
    ['credentials in front', { frameUrl: 'app://chimed@example.org/index.html' }],
    ['a file', { frameUrl: 'file:///index.html' }],
    ['a data url', { frameUrl: 'data:text/html,app://chimed/index.html' }],
    ['another page of ours', { frameUrl: 'app://chimed/other.html' }],
    ['no page at all', { frameUrl: '' }],
    ['a frame inside our page', { isTopFrame: false }],
    ['a window that is not ours', { isOurWindow: false }],
  ])('refuses %s and calls nothing', async (_who, wrong) => {
    const options = router();
    expect(await route(options, { ...page, ...wrong }, 'vault.key', undefined)).toEqual({
      ok: false,
      problem: { code: 'FORBIDDEN_SENDER' },
    });
    expect(options.calls).toEqual([]);
  });
});

it.each(['nothing', '', '__proto__', 'constructor', 'vault.key '])(
  'an unknown channel is refused: %j',
  async (channel) => {
    expect(await route(router(), page, channel, undefined)).toEqual({
      ok: false,
      problem: { code: 'UNKNOWN_METHOD' },
    });
  },
);

it.each([
  ['settings.set', { theme: 'pink' }],
  ['settings.set', { zoom: 40 }],
  ['settings.set', null],
  ['settings.set', 'x'],
  ['vault.key', { please: true }],
  ['host.connect', 1],
  ['clipboard.write', { text: 1 }],
  ['clipboard.write', { text: 'a'.repeat(1024 * 1024 + 1) }],
  ['clipboard.write', { text: '痛'.repeat(400_000) }],
])('a wrong payload is refused: %s %j', async (channel, payload) => {
  const options = router();
  expect(await route(options, page, channel, payload)).toEqual({
    ok: false,
    problem: { code: 'BAD_REQUEST' },
  });
  expect(options.calls).toEqual([]);
});

it('the gate gets nothing but what everybody may have, also when somebody is signed in', async () => {
  const gate = { ...page, frameUrl: 'app://gate/index.html' };
  expect(await route(router(), gate, 'vault.state', undefined)).toMatchObject({ ok: true });
  for (const channel of ['vault.key', 'worker.connect', 'users.list', 'library.get']) {
    expect(await route(router(), gate, channel, undefined)).toEqual({
      ok: false,
      problem: { code: 'FORBIDDEN_SENDER' },
    });
  }
});

it('who may not use a channel is told why, before its payload is looked at', async () => {
  const options = {
    ...router(),
    demand: () => {
      throw new AppError('VAULT_LOCKED');
    },
  };
  expect(await route(options, page, 'vault.key', { wrong: true })).toEqual({
    ok: false,
    problem: { code: 'VAULT_LOCKED' },
  });
});

it('what a handler throws crosses as a problem, an unknown error without its words', async () => {
  const typed = router({
    'vault.key': () => Promise.reject(new AppError('KEY_UNREADABLE')),
  });
  expect(await route(typed, page, 'vault.key', undefined)).toEqual({
    ok: false,
    problem: { code: 'KEY_UNREADABLE' },
  });
  const lines: string[] = [];
  const untyped = {
    ...router({ 'vault.key': () => Promise.reject(new Error('患者某某')) }),
    onRefused: (line: string) => lines.push(line),
  };
  const reply = await route(untyped, page, 'vault.key', undefined);
  expect(reply).toMatchObject({ ok: false, problem: { code: 'INTERNAL' } });
  expect(JSON.stringify([reply, lines])).not.toContain('患者');
});

it('an answer that does not fit the contract does not cross', async () => {
  const broken = router({ 'host.state': () => ({ phase: 'confused' }) as never });
  expect(await route(broken, page, 'host.state', undefined)).toEqual({
    ok: false,
    problem: { code: 'BAD_REPLY' },
  });
});

it('our page is recognised whatever its query or hash', () => {
  expect(ownPageOf('app://chimed/index.html?a=1#b')).toBe('work');
  expect(ownPageOf('app://gate/index.html')).toBe('gate');
  expect(ownPageOf('not a url')).toBeNull();
});
