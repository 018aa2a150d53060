import lexicon from '../../../../resources/lexicons/simplified.json' with { type: 'json' };

/** Characters of Traditional Chinese (OpenCC, see the lexicon) by their simplified form, one unit each. */
const simplified = new Map(
  [...lexicon.traditional].map((char, i) => [char.charCodeAt(0), lexicon.simplified.charCodeAt(i)]),
);

/**
 * The same text with one written form for what people type in several: full-width letters, digits
 * and punctuation become ASCII, all dashes `-`, all middle dots `·`, blank characters a space, and Traditional characters
 * simplified. Every
 * UTF-16 unit becomes exactly one, so offsets stay those of the original.
 */
export function fold(text: string): string {
  const units: number[] = [];
  for (let i = 0; i < text.length; i++) units.push(foldUnit(text.charCodeAt(i)));
  return stringOf(units);
}

/** The text of these UTF-16 units. */
export function stringOf(units: readonly number[]): string {
  const pieces: string[] = [];
  // In slices, because fromCharCode takes its units as arguments.
  for (let from = 0; from < units.length; from += 8192)
    pieces.push(String.fromCharCode(...units.slice(from, from + 8192)));
  return pieces.join('');
}

function foldUnit(unit: number): number {
  if (unit < 0x80) return unit;
  if (unit >= 0x4e00 && unit <= 0x9fff) return simplified.get(unit) ?? unit;
  if (unit >= 0xff01 && unit <= 0xff5e) return unit - 0xfee0;
  switch (unit) {
    case 0x00a0:
    case 0x2002:
    case 0x2003:
    case 0x2009:
    case 0x200b:
    case 0x200c:
    case 0x200d:
    case 0x3000:
    case 0xfeff:
      return 0x20;
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2015:
    case 0x2212:
      return 0x2d;
    case 0x2022:
    case 0x2027:
    case 0x2219:
    case 0x30fb:
    case 0xff65:
      return 0xb7;
    default:
      return unit;
  }
}

/** Chinese characters, those outside the basic plane as their two units. */
export const han = '\\u3400-\\u9fff\\ud840-\\ud88d\\udc00-\\udfff';

export function isHan(unit: number): boolean {
  return (
    (unit >= 0x3400 && unit <= 0x9fff) ||
    (unit >= 0xd840 && unit <= 0xd88d) ||
    (unit >= 0xdc00 && unit <= 0xdfff)
  );
}

export function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}
