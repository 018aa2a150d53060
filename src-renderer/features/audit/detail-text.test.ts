import { afterEach, expect, it } from 'vitest';
import type { AuditEntry } from '@domain/contract/audit';
import { i18n } from '../../ui/i18n.svelte';
import { detailText } from './detail-text';

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
  expect(detailText(shredded)).toMatch(/^事后补记，实际操作时间 2026.11.29/);
  expect(detailText(entry({ ...confirmed.event, ...late } as AuditEntry['event']))).toMatch(
    /^3 项、含批量采纳、事后补记/,
  );
  i18n.locale = 'en';
  expect(detailText(confirmed)).toBe('facts: 3, some in bulk');
  expect(detailText({ ...exported, clockBack: true })).toMatch(/not de-identified.*clock/);
});
