/** Where the facts of a command go, in every format: tables, pages and bundles as well as JSON. */
import type { AnnotationSchema } from '../domain/contract/annotation-schema';
import type { ExportedRecord, ExportOptions } from '../domain/contract/export';
import { openExport, writeDictionary, type ExportFile } from '../documents/export/open-export';
import { openTextOutput, type TextOutput } from './output';

/** How a table is made; the same options of every command that writes one. */
export interface TableChoice {
  readonly layout: 'long' | 'wide';
  readonly evidence: boolean;
  /** Of headings; not that of the terminal, so that a script finds the same columns everywhere. */
  readonly language: 'zh-CN' | 'en';
}

export interface FactOutputOptions extends TableChoice {
  readonly format: ExportOptions['format'];
  readonly rows?: ExportOptions['rows'];
  readonly path?: string | undefined;
  readonly force: boolean;
  /** Of all results that will come. */
  readonly schemas: readonly AnnotationSchema[];
  readonly deidentified: boolean;
}

export interface FactOutput {
  write(record: ExportedRecord): Promise<void>;
  finish(): Promise<void>;
  /** Something stopped everything: keeps the file only if it holds results. */
  abandon(): Promise<void>;
}

/** @throws AppError `OUTPUT_EXISTS`, `OUTPUT_UNWRITABLE` before anything else is done */
export async function openFactOutput(options: FactOutputOptions): Promise<FactOutput> {
  const { format, layout, evidence, language, rows, path, force, schemas, deidentified } = options;
  const file: ExportFile = {
    options: {
      format,
      layout,
      withEvidence: evidence,
      which: 'all',
      locale: language,
      ...(rows === undefined ? {} : { rows }),
    },
    schemas,
    deidentified,
  };
  const dictionary = await openDictionary(options);
  const out = await openTextOutput({ path, force });
  const writer = await openExport(out, file);
  let count = 0;
  const finish = async (): Promise<void> => {
    await writer.finish();
    await out.finish();
    if (!dictionary) return;
    await writeDictionary(dictionary, file);
    await dictionary.finish();
  };
  return {
    write: async (record) => {
      count += 1;
      await writer.write(record);
    },
    finish,
    abandon: async () => {
      if (count > 0) return finish();
      await out.discard();
      await dictionary?.discard();
    },
  };
}

/** A CSV file has no place for what its columns mean: it stands beside it. */
async function openDictionary({
  format,
  path,
  force,
}: FactOutputOptions): Promise<TextOutput | null> {
  if (format !== 'csv' || path === undefined) return null;
  return openTextOutput({ path: `${path.replace(/\.csv$/i, '')}.dictionary.csv`, force });
}
