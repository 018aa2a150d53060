/** `chimed schema check` and `chimed schema list`: what can be looked for. */
import { annotationSchemas } from '../domain/contract/annotation-schema';
import { AppError, problemOf } from '../domain/contract/errors';
import { messagesFor } from '../domain/messages';
import { problemDetail } from '../domain/messages/problem-detail';
import { checkSchema } from '../domain/rules/schema-check';
import { standardOutput } from './output';
import { readSchemaFile } from './schema-file';
import { alignedColumns } from './table';
import { exitCodes, locale, note } from './terminal';

type Format = 'text' | 'json';

/**
 * Prints every fault of a schema; nothing but its size where there is none.
 * @returns the exit code: 0 it can run, 1 it cannot
 * @throws AppError `SCHEMA_UNKNOWN` where there is no such file
 */
export async function schemaCheckCommand(path: string, format: Format): Promise<number> {
  const { print, texts } = { print: printer(), texts: messagesFor(locale) };
  let faults: { code: string; path: readonly (string | number)[]; message: string }[];
  let counts = { types: 0, fields: 0 };
  try {
    const schema = await readSchemaFile(path);
    counts = { types: schema.types.length, fields: schema.fields.length };
    faults = checkSchema(schema).map((fault) => ({
      ...fault,
      message: texts.schemaFaults[fault.code],
    }));
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'SCHEMA_INVALID') throw error;
    // Not even the shape of one.
    const problem = problemOf(error);
    const at = String(problem.params?.['at'] ?? '').split('.');
    faults = [{ code: 'shape', path: at, message: problemDetail(locale, problem) ?? '' }];
  }
  if (format === 'json') {
    await print(JSON.stringify({ version: 1, ok: faults.length === 0, ...counts, faults }));
  } else if (faults.length === 0) {
    await print(texts.schemaFile.sound(String(counts.types), String(counts.fields)));
  } else {
    for (const { code, path: at, message } of faults)
      note(code === 'shape' ? message : texts.problemDetail.schemaFault(at.join('.'), message));
  }
  return faults.length === 0 ? exitCodes.ok : exitCodes.failed;
}

/** Prints our own schemas: ids, names, and how much they ask for. */
export async function schemaListCommand(format: Format): Promise<number> {
  const print = printer();
  if (format === 'json') {
    await print(JSON.stringify({ version: 1, schemas: annotationSchemas }));
    return exitCodes.ok;
  }
  const { amount } = messagesFor(locale).schemaFile;
  const rows = annotationSchemas.map(({ id, chinese, english, types, fields }) => [
    id,
    locale === 'en' ? english : chinese,
    amount(String(types.length), String(fields.length)),
  ]);
  await print(alignedColumns(rows).join('\n'));
  return exitCodes.ok;
}

function printer(): (text: string) => Promise<void> {
  const output = standardOutput();
  return (text) => output.write(`${text}\n`);
}
