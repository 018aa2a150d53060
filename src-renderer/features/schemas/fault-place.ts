/** Where a fault is put right: which input of a place's form, and which line of it. */
import type { Fault } from './faults';
import { pathOf, placeOf, type Place } from './place';

export interface FaultPlace {
  readonly place: Place;
  /** `data-part` of the input. */
  readonly part: string;
  /** Of an input that holds one thing a line, from 0. */
  readonly line: number | null;
}

export function placeOfFault({ path }: Pick<Fault, 'path'>): FaultPlace {
  const place = placeOf(path);
  const [part, index] = path.slice(pathOf(place).length);
  const number = typeof index === 'number' ? index : null;
  if (place.kind === 'general') return { place, part: String(part ?? 'chinese'), line: null };
  if (part === 'facts') return { place, part: `fact-${number ?? 0}`, line: null };
  // Of an example its text, of a group without members its name.
  if (part === undefined || part === 'fields') {
    return { place, part: place.kind === 'example' ? 'text' : 'id', line: null };
  }
  return { place, part: String(part), line: number };
}

/** Where a line begins and ends, UTF-16 units; the last one where there is no such line. @param line from 0 */
export function lineRange(text: string, line: number): { start: number; end: number } {
  const lines = text.split('\n');
  const at = Math.min(line, lines.length - 1);
  const start = lines.slice(0, at).reduce((sum, each) => sum + each.length + 1, 0);
  return { start, end: start + (lines[at]?.length ?? 0) };
}
