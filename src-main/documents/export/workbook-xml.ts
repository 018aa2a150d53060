/** The small parts of a workbook around its sheets (ECMA-376, Open Packaging Conventions). */
import type { ExportHead } from '../../domain/contract/export';
import { cellStyles, xmlAttribute, xmlText } from './sheet-xml';

const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const relation = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const packageOf = 'http://schemas.openxmlformats.org/package/2006';
const docProps = 'http://schemas.openxmlformats.org/officeDocument/2006';

/** All parts but the sheets, by name. @param sheets their names, in the order in which they are shown */
export function workbookParts(
  sheets: readonly { readonly name: string; readonly file: string }[],
  { label, aigc, createdAt }: ExportHead,
): Record<string, string> {
  const override = (part: string, type: string): string =>
    `<Override PartName="/${part}" ContentType="application/vnd.openxmlformats-${type}+xml"/>`;
  const relations = (items: readonly string[]): string =>
    `${head}<Relationships xmlns="${packageOf}/relationships">${items.join('')}</Relationships>`;
  const related = (id: string, type: string, target: string): string =>
    `<Relationship Id="${id}" Type="${type}" Target="${target}"/>`;
  const property = (pid: number, name: string, value: string): string =>
    `<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="${pid}" name="${name}">` +
    `<vt:lpwstr>${xmlText(value)}</vt:lpwstr></property>`;
  return {
    '[Content_Types].xml':
      `${head}<Types xmlns="${packageOf}/content-types">` +
      '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
      override('xl/workbook.xml', 'officedocument.spreadsheetml.sheet.main') +
      sheets
        .map(({ file }) => override(`xl/${file}`, 'officedocument.spreadsheetml.worksheet'))
        .join('') +
      override('xl/styles.xml', 'officedocument.spreadsheetml.styles') +
      override('docProps/core.xml', 'package.core-properties') +
      override('docProps/custom.xml', 'officedocument.custom-properties') +
      '</Types>',
    '_rels/.rels': relations([
      related('rId1', `${relation}/officeDocument`, 'xl/workbook.xml'),
      related('rId2', `${packageOf}/relationships/metadata/core-properties`, 'docProps/core.xml'),
      related('rId3', `${relation}/custom-properties`, 'docProps/custom.xml'),
    ]),
    'xl/workbook.xml':
      `${head}<workbook xmlns="${main}" xmlns:r="${relation}"><sheets>` +
      sheets
        .map(
          ({ name }, at) =>
            `<sheet name="${xmlAttribute(name)}" sheetId="${at + 1}" r:id="rId${at + 1}"/>`,
        )
        .join('') +
      '</sheets></workbook>',
    'xl/_rels/workbook.xml.rels': relations([
      ...sheets.map(({ file }, at) => related(`rId${at + 1}`, `${relation}/worksheet`, file)),
      related(`rId${sheets.length + 1}`, `${relation}/styles`, 'styles.xml'),
    ]),
    'xl/styles.xml': stylesXml,
    'docProps/core.xml':
      `${head}<cp:coreProperties xmlns:cp="${packageOf}/metadata/core-properties"` +
      ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"' +
      ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">' +
      `<dc:description>${xmlText(label)}</dc:description>` +
      `<dc:creator>${xmlText(aigc.ContentProducer)}</dc:creator>` +
      `<dcterms:created xsi:type="dcterms:W3CDTF">${xmlText(createdAt)}</dcterms:created>` +
      '</cp:coreProperties>',
    'docProps/custom.xml':
      `${head}<Properties xmlns="${docProps}/custom-properties"` +
      ` xmlns:vt="${docProps}/docPropsVTypes">` +
      property(2, 'AIGC', JSON.stringify(aigc)) +
      property(3, 'Label', label) +
      '</Properties>',
  };
}

/** Text cells have the format "@", so that what a person types over them stays as typed. */
const stylesXml =
  `${head}<styleSheet xmlns="${main}">` +
  '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>' +
  '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>' +
  '<fills count="2"><fill><patternFill patternType="none"/></fill>' +
  '<fill><patternFill patternType="gray125"/></fill></fills>' +
  '<borders count="1"><border/></borders>' +
  '<cellStyleXfs count="1"><xf/></cellStyleXfs>' +
  `<cellXfs count="${Object.keys(cellStyles).length + 1}"><xf/>` +
  '<xf numFmtId="49" applyNumberFormat="1"/>' +
  '<xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/></cellXfs></styleSheet>';

/** What stands before the rows of a sheet: its heading stays in view. @param columns their number */
export function sheetBegin(columns: number): string {
  return (
    `${head}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0">` +
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' +
    '</sheetView></sheetViews>' +
    `<cols><col min="1" max="${columns}" width="18" customWidth="1"/></cols><sheetData>`
  );
}

export const sheetEnd = '</sheetData></worksheet>';
