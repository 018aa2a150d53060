/** How entity types look and are called on screen. */
import { annotationSchemas, type EntityType } from '@domain/contract/annotation-schema';
import type { Locale } from '@domain/contract/ipc';

const types = new Map<string, EntityType>(
  annotationSchemas.flatMap((schema) => schema.types.map((type) => [type.id, type])),
);

/** Class that sets colour and underline (tokens.css); a type of an unknown schema looks neutral. */
export function entityClass(type: string): string {
  return `entity-${types.get(type)?.hue ?? 7}`;
}

export function entityName(type: string, locale: Locale): string {
  return locale === 'en' ? (types.get(type)?.english ?? type) : type;
}
