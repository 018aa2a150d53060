/** Exports many records into a file, for a test that limits memory. Arguments: format, number, path. */
import { open } from 'node:fs/promises';
import { annotationSchemas } from '../../domain/contract/annotation-schema';
import { factExportFormatSchema } from '../../domain/contract/export';
import { openExport } from './open-export';
import { record, text } from './records.fixture';

const [format = '', count = '', path = ''] = process.argv.slice(2);
const file = await open(path, 'w');
const writer = await openExport(
  {
    write: async (bytes) => {
      await file.write(bytes);
    },
  },
  {
    options: {
      format: factExportFormatSchema.parse(format),
      ...{ which: 'all', locale: 'zh-CN', layout: 'long' },
    },
    schemas: annotationSchemas,
    deidentified: false,
  },
);
for (let at = 0; at < Number(count); at++)
  await writer.write(record({ id: `record-${at}`, caseId: `case-${at}`, text: `${text}${at}` }));
const counts = await writer.finish();
await file.close();
process.stdout.write(JSON.stringify({ ...counts, peak: process.resourceUsage().maxRSS }));
