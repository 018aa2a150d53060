import { afterEach, expect, it } from 'vitest';
import type { AuditEntry } from '@domain/contract/audit';
import { i18n } from '../../ui/i18n.svelte';
import { detailText as withNames } from './detail-text';

const names = new Map([['ccks2019', '六类实体']]);
const detailText = (of: AuditEntry): string => withNames(of, (id) => names.get(id));

afterEach(() => (i18n.locale = 'zh-CN'));

const entry = (event: AuditEntry['event']): AuditEntry => ({
  ...{ n: 1, at: 0, actor: 'system', event, result: 'ok' },
});

it('counts and choices are told in words of the language, never as bare values', () => {
  const confirmed = entry({ kind: 'confirmed', facts: 3, bulk: true });
  const exported = entry({ kind: 'exported', format: 'csv', count: 2, deidentified: false });
  expect(detailText(confirmed)).toBe('3 项、含批量采纳');
  expect(detailText(exported)).toBe('csv、2 条、未去标识');
  const late = { addedLater: '2026-11-29T12:00:00.000Z' };
  const shredded = entry({ kind: 'record-shredded', ...late });
  expect(detailText(shredded)).toMatch(/^事后补记（实际操作时间 2026.11.29/);
  expect(detailText(entry({ ...confirmed.event, ...late } as AuditEntry['event']))).toMatch(
    /^3 项、含批量采纳、事后补记/,
  );
  i18n.locale = 'en';
  expect(detailText(confirmed)).toBe('facts: 3, some in bulk');
  expect(detailText({ ...exported, clockBack: true })).toMatch(/not de-identified.*clock/);
});

it('a confirmation names its schema and the version; one whose name is not known by its id', () => {
  const confirmed = (schema: { id: string; version?: number }): string =>
    detailText(entry({ kind: 'confirmed', facts: 3, bulk: false, schema }));
  expect(confirmed({ id: 'ccks2019', version: 2 })).toBe('方案：六类实体（第 2 版）、3 项');
  expect(confirmed({ id: '5f0b8c1e-0000-4000-8000-000000000001' })).toBe('方案：5f0b8c1e、3 项');
  expect(confirmed({ id: 'other', version: 1 })).toBe('方案：其他方案（第 1 版）、3 项');
  i18n.locale = 'en';
  expect(confirmed({ id: 'other' })).toBe('schema: another one, facts: 3');
});
