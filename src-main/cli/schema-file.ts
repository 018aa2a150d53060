/** A schema out of a file: what `--schema FILE` and `chimed schema check` read. */
import {
  annotationSchemas,
  annotationSchemaSchema,
  type AnnotationSchema,
} from '../domain/contract/annotation-schema';
import { AppError, problemOf } from '../domain/contract/errors';
import { readUtf8 } from '../documents/read-utf8';
import { checkSchema } from '../domain/rules/schema-check';

/** The largest schema that the contract allows has less than a tenth of this. */
const maxSchemaBytes = 16 * 1024 * 1024;

/** What to look for: one of our own by its id, or with its definition. */
export interface SchemaChoice {
  readonly schema: string;
  readonly definition?: AnnotationSchema;
}

/**
 * @param value the id of one of our own, or a path
 * @throws AppError `SCHEMA_UNKNOWN` where it is neither, `SCHEMA_INVALID`
 */
export async function schemaChoice(value: string): Promise<SchemaChoice> {
  if (annotationSchemas.some(({ id }) => id === value)) return { schema: value };
  const definition = await readSchemaFile(value);
  const [fault] = checkSchema(definition);
  if (fault) {
    const at = fault.path.join('.');
    throw new AppError('SCHEMA_INVALID', { params: { at, why: fault.code } });
  }
  return { schema: definition.id, definition };
}

/**
 * Of the right shape; whether it can run is `checkSchema`.
 * @throws AppError `SCHEMA_UNKNOWN` where there is no such file, `SCHEMA_INVALID` with the first wrong place
 */
export async function readSchemaFile(path: string): Promise<AnnotationSchema> {
  const text = await readText(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError('SCHEMA_INVALID', { params: { at: 'JSON' }, cause });
  }
  const parsed = annotationSchemaSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new AppError('SCHEMA_INVALID', { params: { at: at === '' ? 'JSON' : at } });
}

async function readText(path: string): Promise<string> {
  const text = await readUtf8(path, maxSchemaBytes).catch((cause: unknown) => {
    const { code, params } = problemOf(cause);
    if (code === 'FILE_TOO_LARGE')
      throw new AppError('SCHEMA_INVALID', { params: { at: 'size', ...params }, cause });
    throw new AppError('SCHEMA_UNKNOWN', { params: { schema: path }, cause });
  });
  // Read as UTF-8, what is in another encoding would be a schema of other words.
  if (text === null) throw new AppError('SCHEMA_INVALID', { params: { at: 'UTF-8' } });
  return text;
}
