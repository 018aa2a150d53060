/** Units of measurement as they are written in records (`resources/lexicons/units.json`). */
import lexicon from '../../../../resources/lexicons/units.json' with { type: 'json' };
import { foldQuotation } from './fold';

const fold = (unit: string): string => foldQuotation(unit).replace(/ /g, '').toLowerCase();

/** Written form, folded -> the one that is written out; an exact spelling goes before a folded one. */
const known = new Map<string, string>();
for (const [unit, aliases] of Object.entries(lexicon)) {
  for (const written of [unit, ...aliases]) {
    if (!known.has(fold(written))) known.set(fold(written), unit);
  }
}

export interface FoundUnit {
  readonly unit: string;
  /** UTF-16 units of the folded text that it takes. */
  readonly length: number;
}

/**
 * The longest unit at the beginning of a folded text, in the spelling of `preferred` where that has it.
 */
export function unitAt(text: string, preferred: readonly string[] = []): FoundUnit | null {
  const own = new Map(preferred.map((unit) => [fold(unit), unit]));
  let best: FoundUnit | null = null;
  let written = '';
  const least = text.length - text.trimStart().length;
  for (let end = least; end < Math.min(text.length, least + 24); end++) {
    const char = text[end] as string;
    if (char !== ' ') written += char;
    const key = fold(written);
    const unit = own.get(key) ?? ownSpelling(own, known.get(key));
    if (unit === undefined || char === ' ') continue;
    // `m` is no unit in `mg`, nor in a word that goes on.
    if (/[A-Za-z]/.test(char) && /[A-Za-z]/.test(text[end + 1] ?? '')) continue;
    best = { unit, length: end + 1 };
  }
  return best;
}

/** What a schema calls the unit that the lexicon knows under another name. */
function ownSpelling(
  own: ReadonlyMap<string, string>,
  unit: string | undefined,
): string | undefined {
  if (unit === undefined) return undefined;
  for (const [key, spelling] of own) if (known.get(key) === unit) return spelling;
  return unit;
}
