/** What is called what words can be added as. */
import type { Locale } from '@domain/contract/ipc';
import type { AddTarget } from '@domain/review/add-targets';
import type { SchemaLook } from '../schemas';

export function targetName(target: AddTarget, look: SchemaLook, locale: Locale): string {
  if (target.kind !== 'member') return look.name(target.id, locale);
  // Members of two groups may have one name.
  return `${look.name(target.group, locale)} · ${look.name(target.field.id, locale)}`;
}
