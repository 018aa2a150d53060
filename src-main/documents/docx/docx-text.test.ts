/** Word files, read without the thread that bounds them. */
import { describe, expect, it } from 'vitest';
import { AppError } from '../../domain/contract/errors';
import { docxOf, footnotesPart, headerPart, paragraph, run, table } from '../fixtures/docx.fixture';
import type { ZipPart } from '../fixtures/zip.fixture';
import { BoundedZip } from '../zip/bounded-zip';
import { docxText } from './docx-text';

const textOf = async (body: string, more: readonly ZipPart[] = []): Promise<string> =>
  docxText(await BoundedZip.open(docxOf(body, more)));

describe('the text of a Word file', () => {
  it('has a line for each paragraph, tabs, line breaks, and empty lines where they are', async () => {
    const body = [
      paragraph(run('主诉：') + run('头痛')),
      paragraph(''),
      paragraph(
        `${run('体温')}<w:r><w:tab/></w:r>${run('37.2')}<w:r><w:br/></w:r>${run('脉搏 80')}`,
      ),
    ].join('');
    expect(await textOf(body)).toBe('主诉：头痛\n\n体温\t37.2\n脉搏 80');
  });

  it('has the cells of a table in their rows, with several paragraphs of one', async () => {
    const cell = (...texts: string[]): string => texts.map((text) => paragraph(run(text))).join('');
    const rows = [
      [cell('项目'), cell('结果')],
      [cell('血钾'), cell('3.2', '复查 3.6')],
    ];
    expect(await textOf(table(rows) + paragraph(run('以上。')))).toBe(
      '项目\t结果\n血钾\t3.2\n复查 3.6\n以上。',
    );
  });

  it('has tracked changes as accepted', async () => {
    const body = paragraph(
      `${run('口服')}<w:ins w:id="1" w:author="a">${run('阿司匹林')}</w:ins>` +
        `<w:del w:id="2" w:author="a"><w:r><w:delText>华法林</w:delText></w:r></w:del>${run('。')}`,
    );
    expect(await textOf(body)).toBe('口服阿司匹林。');
  });

  it('has footnotes at its end where their numbers point, and no headers of pages', async () => {
    const body = paragraph(`${run('见注')}<w:r><w:footnoteReference w:id="2"/></w:r>${run('。')}`);
    const notes = footnotesPart(
      `<w:footnote w:id="2">${paragraph(run('外院报告。'))}</w:footnote>`,
    );
    expect(await textOf(body, [notes, headerPart('某医院')])).toBe('见注[1]。\n[1]外院报告。');
  });

  it('has the words of text boxes and of links', async () => {
    const box = `<w:r><w:pict><v:shape><v:textbox><w:txbxContent>${paragraph(run('框中：过敏史'))}</w:txbxContent></v:textbox></v:shape></w:pict></w:r>`;
    const link = `<w:hyperlink w:anchor="x">${run('链接')}</w:hyperlink>`;
    const text = await textOf(paragraph(run('正文') + box + link));
    expect(text).toContain('正文');
    expect(text).toContain('框中：过敏史');
    expect(text).toContain('链接');
  });

  it('keeps rare characters, entities and directions as they are', async () => {
    const odd = '𠮷野家 <5 & "引" \u202E血压';
    expect(await textOf(paragraph(run(odd)))).toBe(odd);
  });
});

describe('a Word file that cannot be read', () => {
  const codeOf = async (body: string, more: readonly ZipPart[] = []): Promise<unknown> =>
    textOf(body, more).then(
      () => 'none',
      (error: unknown) => (error instanceof AppError ? error.code : error),
    );

  it('says so: not closed, empty, with entities of its own', async () => {
    expect(await codeOf('<w:p><w:r>')).toBe('DOCUMENT_DAMAGED');
    expect(await codeOf(paragraph(run(' \u3000')))).toBe('EMPTY_TEXT');
    const entities = { name: 'word/styles.xml', content: '<!DOCTYPE x [<!ENTITY a "b">]><x/>' };
    expect(await codeOf(paragraph(run('x')), [entities])).toBe('DOCUMENT_UNSAFE');
  });
});
