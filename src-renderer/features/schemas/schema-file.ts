/** A schema from a file, and into one. The file is data: its size is looked at before a byte is read. */
import type { AnnotationSchema } from '@domain/contract/annotation-schema';
import { AppError } from '@domain/contract/errors';
import { maxSchemaChars } from '@domain/contract/stored-schema';
import { draftShape } from './draft-shape';
import { readJson } from './json-places';

/** What is needed of a DOM `File`. */
export interface SchemaFile {
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Of UTF-8: three bytes a character of Chinese. */
const maxBytes = maxSchemaChars * 3;

/**
 * Reads a schema. What is wrong with its contents is for the editor to show.
 *
 * @throws AppError `FILE_EMPTY`, `FILE_TOO_LARGE`, `FILE_UNREADABLE`; `SCHEMA_FILE_INVALID` with the
 *   `line` of what is no schema
 */
export async function readSchemaFile(file: SchemaFile): Promise<AnnotationSchema> {
  if (file.size === 0) throw new AppError('FILE_EMPTY');
  if (file.size > maxBytes) {
    throw new AppError('FILE_TOO_LARGE', { params: { bytes: file.size, max: maxBytes } });
  }
  let bytes: ArrayBuffer;
  try {
    bytes = await file.arrayBuffer();
  } catch (cause) {
    throw new AppError('FILE_UNREADABLE', { cause });
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AppError('SCHEMA_FILE_INVALID', { cause });
  }
  const read = readJson(text);
  if (!read.ok) throw new AppError('SCHEMA_FILE_INVALID', { params: { line: read.mistake.line } });
  const shaped = draftShape.safeParse(read.value);
  if (shaped.success) return shaped.data;
  const path = (shaped.error.issues[0]?.path ?? []).filter((part) => typeof part !== 'symbol');
  throw new AppError('SCHEMA_FILE_INVALID', { params: { line: read.lineOf(path) } });
}

/** The text of a schema's file: what the editor's raw view shows. */
export function schemaFileText(schema: AnnotationSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
