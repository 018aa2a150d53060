import { describe, expect, test } from 'vitest';
import { annotationSchemas } from '../../domain/contract/annotation-schema';
import type { ExportedRecord, ExportOptions } from '../../domain/contract/export';
import { machineLabel } from '../../domain/rules/export/export-label';
import { exported, fact, facts, record, text, unconfirmed } from './records.fixture';

const page = async (
  records: readonly ExportedRecord[],
  chosen: Partial<ExportOptions> = {},
): Promise<string> =>
  (
    await exported(records, { format: 'html', locale: 'zh-CN', ...chosen }, annotationSchemas)
  ).toString('utf-8');

/** The record's text as a reader of the page sees it. */
function shownText(html: string): string {
  const [, inner = ''] = /<div class="text" lang="zh-CN">([\s\S]*?)<\/div>\n<h3>/.exec(html) ?? [];
  return inner
    .replace(/<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&');
}

describe('the page', () => {
  test('shows the whole text, each fact marked where it stands and in the table', async () => {
    const html = await page([record()]);
    expect(shownText(html)).toBe(text);
    for (const [at, one] of facts.entries()) {
      expect(html).toContain(`id="r1-t${at}"`);
      expect(html).toContain(`<a href="#r1-t${at}">${one.text ?? ''}</a>`);
    }
    expect(html).toContain('data-t="疾病和诊断·否定·家属"');
    expect(html).toContain('审核确认：王医师 主治医师');
    // For people: a schema by its name, a time as one says it.
    expect(html).toContain('方案 六类实体');
    expect(html).not.toContain('ccks2019');
    expect(html).toMatch(/导出时间：\d{4}\/\d\d\/\d\d \d\d:\d\d</);
    expect(html).not.toContain('data-unconfirmed');
  });

  test('needs no network and no script, and forbids both', async () => {
    const html = await page([record()]);
    expect(html).toContain("default-src 'none'; style-src 'unsafe-inline'");
    expect(html).not.toMatch(/<script|<link|<img|<iframe|<object|@import|url\(|https?:/i);
    expect(html).not.toMatch(/\s(?:src|on[a-z]+)=/i);
    expect([...html.matchAll(/href="([^"]*)"/g)].every(([, to]) => to?.startsWith('#r'))).toBe(
      true,
    );
  });

  test('carries the label, at its top, of each unconfirmed record and fact, and for machines', async () => {
    const html = await page([
      unconfirmed({ status: 'incomplete', problem: { code: 'LENGTH_LIMIT' } }),
    ]);
    expect(html).toContain(`<p class="label" role="note">${machineLabel}</p>`);
    expect(html).toContain(`<meta name="description" content="${machineLabel}">`);
    expect(html).toContain('<meta name="AIGC" content="{&quot;Label&quot;:&quot;1&quot;');
    expect(html.match(/未审核 · 机器生成，未经医师确认/g)).toHaveLength(facts.length);
    expect(html).toContain('data-partial>未完成：只有部分结果 [LENGTH_LIMIT]');
    expect(html).toContain('记录 1 份，条目 9 条；未经医师确认 9 条；未完成的记录 1 份。');
  });

  test('what was accepted but not confirmed is still labelled', async () => {
    const html = await page([record({ confirmation: null })]);
    expect(
      html.match(/(?:已采纳|已修改|医师补充)(?: · 批量)? · 机器生成，未经医师确认/g),
    ).toHaveLength(9);
  });

  test('facts that nest or cross are all marked, and the text stays whole', async () => {
    const own = '右肺上叶切除术后';
    const made = record({
      text: own,
      facts: [
        fact('右肺上叶切除术', '手术', {}, own),
        fact('右肺上叶', '解剖部位', {}, own),
        fact('切除术后', '症状', {}, own),
      ],
    });
    const html = await page([made]);
    expect(shownText(html)).toBe(own);
    expect(html).toContain(
      '<mark class="e4" id="r1-t0"><mark class="e6" id="r1-t1" data-t="解剖部位">',
    );
    expect(html).toContain('data-t="手术"><mark class="e7" id="r1-t2">');
    expect(html).not.toMatch(/<a [^>]*>[^<]*<a /);
  });

  test('hostile words of a record, a name, a schema and a file change nothing', async () => {
    const evil = `</div><script>alert(1)</script><img src=x onerror="x()">'"&amp;\u0000<!--`;
    const own = `前${evil}后\r次行\r\n末`;
    const made = unconfirmed({
      id: evil,
      source: evil,
      caseId: evil,
      text: own,
      run: { ...record().run, schema: evil, model: { name: evil, sha256: 'a' } },
      facts: [fact(evil, evil, { unit: evil, value: evil, section: evil }, own)],
      confirmation: { by: evil, name: evil, title: evil, at: 0 },
      status: 'failed',
    });
    const html = await page([made]);
    expect(html).not.toMatch(/<script|<img|<!--/);
    expect(shownText(html)).toBe(own.replace('\u0000', '\uFFFD'));
    const opened = html.match(/<(?!\/|!doctype|meta)[a-z0-9]+/g) ?? [];
    const closed = html.match(/<\/[a-z0-9]+/g) ?? [];
    expect(closed).toHaveLength(opened.length);
  });

  test('a record of two million characters with thousands of facts, and one without text', async () => {
    const own = '患者高血压病史。'.repeat(250_000);
    const many = Array.from({ length: 5000 }, (_, at) => {
      const start = at * 400 + 2;
      return { ...fact('高血压', '疾病和诊断', {}, own), id: String(at), start, end: start + 3 };
    });
    const html = await page([record({ text: own, facts: many }), withoutText()]);
    expect(shownText(html)).toHaveLength(own.length);
    expect(html).toContain('id="r1-t4999"');
    expect(html).toContain('本次导出不含病历全文。');
  });

  test('English has no Chinese of ours besides the label and the words of records', async () => {
    const html = await page([], { locale: 'en' });
    expect(await page([record()], { locale: 'en' })).toContain('data-t="Diagnosis·negated"');
    const body = html.slice(html.indexOf('<body>')).replaceAll(machineLabel, '');
    expect(body).not.toMatch(/\p{Script=Han}/u);
    expect(body).toContain('0 records, 0 facts');
  });
});

function withoutText(): ExportedRecord {
  const made = record({ id: 'b' });
  delete made.text;
  return made;
}
