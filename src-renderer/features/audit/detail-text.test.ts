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
  i18n.locale = 'en';
  expect(detailText(confirmed)).toBe('facts: 3, some in bulk');
  expect(detailText({ ...exported, clockBack: true })).toMatch(/not de-identified.*clock/);
});
