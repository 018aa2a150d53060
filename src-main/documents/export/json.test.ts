import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { describe, expect, test } from 'vitest';
import { annotationSchemas } from '../../domain/contract/annotation-schema';
import {
  exportFileSchema,
  exportLineSchema,
  type ExportedRecord,
} from '../../domain/contract/export';
import { confirmedLabel, machineLabel } from '../../domain/rules/export/export-label';
import { exported, record, unconfirmed } from './records.fixture';

const two = [record(), unconfirmed({ id: 'b', status: 'stopped', facts: [] })];
const bytesOf = (format: 'json' | 'jsonl', records: readonly ExportedRecord[] = two) =>
  exported(records, { format }, annotationSchemas);

describe('JSON', () => {
  test('is what its schema says, with label and counts', async () => {
    const file = z
      .strictObject(exportFileSchema.shape)
      .parse(JSON.parse(String(await bytesOf('json'))));
    expect(file.label).toBe(machineLabel);
    expect(file.aigc.Label).toBe('1');
    expect(file.records.map(({ label }) => label)).toEqual([null, machineLabel]);
    expect(file.records[0]).toMatchObject(record());
    expect(file.summary).toEqual({
      ...{ records: 2, facts: 9, unconfirmedRecords: 1, unconfirmedFacts: 0, partialRecords: 1 },
      ...{ leftOut: 0, cut: 0 },
    });
  });

  test('of no records, and of words that are half a character', async () => {
    expect(exportFileSchema.parse(JSON.parse(String(await bytesOf('json', []))))).toMatchObject({
      records: [],
      summary: { records: 0 },
    });
    const odd = record({ caseId: '\ud800"\u0000' });
    const file = exportFileSchema.parse(JSON.parse(String(await bytesOf('json', [odd]))));
    expect(file.records[0]?.caseId).toBe(odd.caseId);
  });

  test('the schema in docs is the one that is kept', async () => {
    const path = join(import.meta.dirname, '../../../docs/export.schema.json');
    const made = z.toJSONSchema(exportFileSchema);
    expect(JSON.parse(await readFile(path, 'utf-8'))).toEqual(JSON.parse(JSON.stringify(made)));
  });
});

test('JSONL has a head, a record a line, and a summary', async () => {
  const lines = String(await bytesOf('jsonl'))
    .trimEnd()
    .split('\n');
  const parsed = lines.map((line) => exportLineSchema.parse(JSON.parse(line)));
  expect(parsed.map(({ kind }) => kind)).toEqual(['head', 'record', 'record', 'summary']);
});

test('what is exported as confirmed is called so', async () => {
  const bytes = await exported(two, { format: 'json', which: 'confirmed' }, annotationSchemas);
  const file = exportFileSchema.parse(JSON.parse(String(bytes)));
  expect(file.label).toBe(confirmedLabel);
  expect(file.records).toHaveLength(1);
});
