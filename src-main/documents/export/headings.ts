/** What columns of several schemas are called: by the schemas' names, none twice. */
import type { AnnotationSchema } from '../../domain/contract/annotation-schema';
import type { Locale } from '../../domain/contract/ipc';
import { wideTexts } from '../../domain/messages/export-columns';
import { schemaName } from '../../domain/rules/schema-name';

/** Line ends and characters that are not seen: two headings that differ only in them look the same. */
const unseen = /[\s\p{Cc}\p{Cf}]+/gu;

/**
 * The name of each schema by its id. Schemas of the same name are numbered in the order of their ids, so that a
 * schema is called the same whatever record comes first.
 */
export function schemaTitles(
  schemas: readonly AnnotationSchema[],
  locale: Locale,
): ReadonlyMap<string, string> {
  const byId = [...schemas].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const names = byId.map((schema) => schemaName(schema, locale).replace(unseen, ' ').trim());
  const titles = distinct(
    names.map((name, at) => name || (byId[at]?.id ?? '')),
    locale,
  );
  return new Map(byId.map(({ id }, at) => [id, titles[at] ?? id]));
}

/** The second of the same name gets a number behind it, and so on; no result is equal to another. */
export function distinct(names: readonly string[], locale: Locale): string[] {
  const taken = new Set(names);
  const given = new Set<string>();
  return names.map((name) => {
    let result = name;
    for (let n = 2; given.has(result) || (result !== name && taken.has(result)); n += 1) {
      result = wideTexts[locale].numbered(name, n);
    }
    given.add(result);
    return result;
  });
}
