import type { AnnotationSchema } from '../contract/annotation-schema';
import type { Locale } from '../contract/ipc';

/** A schema's name in a language; the Chinese one where it has no other. */
export function schemaName(
  { chinese, english }: Pick<AnnotationSchema, 'chinese' | 'english'>,
  locale: Locale,
): string {
  return locale === 'en' && english !== '' ? english : chinese;
}
