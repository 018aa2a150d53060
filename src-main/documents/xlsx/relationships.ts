/** How the parts of an Office file refer to each other. */
import { posix } from 'node:path';
import type { BoundedZip } from '../zip/bounded-zip';
import { readPart } from './read-xml';
import { attributeOf } from './xml-scanner';

export interface Relationship {
  readonly id: string;
  /** The last word of its type, such as `worksheet`. */
  readonly type: string;
  /** Name of the part in the zip. */
  readonly part: string;
}

const limit = 4_000_000;

/** @param owner a part, or '' for the file itself; one without relationships has none */
export async function relationshipsOf(zip: BoundedZip, owner: string): Promise<Relationship[]> {
  const folder = posix.dirname(owner);
  const name = posix.join(folder, '_rels', `${posix.basename(owner)}.rels`);
  if (!zip.has(name)) return [];
  const found: Relationship[] = [];
  await readPart(
    zip,
    name,
    {
      open: (tag, raw) => {
        const target = attributeOf(raw, 'Target');
        if (tag !== 'Relationship' || target === undefined) return;
        if (attributeOf(raw, 'TargetMode') === 'External') return;
        const part = target.startsWith('/') ? target.slice(1) : posix.join(folder, target);
        const type = attributeOf(raw, 'Type') ?? '';
        found.push({
          id: attributeOf(raw, 'Id') ?? '',
          type: type.slice(type.lastIndexOf('/') + 1),
          part,
        });
      },
      close: () => undefined,
      text: () => undefined,
    },
    limit,
  );
  return found;
}

/** The part that a docx or xlsx begins with; null for another zip. */
export async function mainPart(zip: BoundedZip): Promise<string | null> {
  const all = await relationshipsOf(zip, '');
  return all.find(({ type }) => type === 'officeDocument')?.part ?? null;
}
