/**
 * Where things stand in a JSON text. `JSON.parse` makes the value; this finds the line of a mistake, and
 * the line of any part, which no engine tells in a form to rely on.
 */
import type { Path } from './place';

export interface JsonMistake {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export type ReadJson =
  | { readonly ok: true; readonly value: unknown; lineOf(path: Path): number }
  | { readonly ok: false; readonly mistake: JsonMistake };

/** Nesting of a schema is 6; a text that nests deeper is none, and must not exhaust the stack. */
const maxDepth = 64;

/** Reads JSON; a mistake is told with the place where reading stopped. */
export function readJson(text: string): ReadJson {
  const starts = new Map<string, number>();
  const stopped = scan(text, starts);
  if (stopped === null) {
    try {
      const value: unknown = JSON.parse(text);
      return { ok: true, value, lineOf: (path) => lineAt(text, startOf(starts, path)).line };
    } catch {
      return { ok: false, mistake: { line: 1, column: 1 } };
    }
  }
  return { ok: false, mistake: lineAt(text, stopped) };
}

/** The start of a part, or of the nearest part around it that is there. */
function startOf(starts: ReadonlyMap<string, number>, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const start = starts.get(JSON.stringify(path.slice(0, length)));
    if (start !== undefined) return start;
  }
  return 0;
}

function lineAt(text: string, offset: number): JsonMistake {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const blank = /[ \t\r\n]*/y;
const word = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;
const string = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;

class Stop extends Error {
  constructor(readonly at: number) {
    super();
  }
}

/** @returns where it is no JSON any more, or null */
function scan(text: string, starts: Map<string, number>): number | null {
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) return null;
    at += found.length;
    return found;
  };
  const sign = (wanted: string): boolean => {
    take(blank);
    if (text[at] !== wanted) return false;
    at += 1;
    return true;
  };
  const value = (path: Path): void => {
    take(blank);
    starts.set(JSON.stringify(path), at);
    if (path.length > maxDepth) throw new Stop(at);
    if (sign('{')) members(path);
    else if (sign('[')) elements(path);
    else if (take(string) === null && take(word) === null) throw new Stop(at);
  };
  const members = (path: Path): void => {
    if (sign('}')) return;
    do {
      take(blank);
      const key = take(string);
      if (key === null || !sign(':')) throw new Stop(at);
      value([...path, JSON.parse(key) as string]);
    } while (sign(','));
    if (!sign('}')) throw new Stop(at);
  };
  const elements = (path: Path): void => {
    if (sign(']')) return;
    let index = 0;
    do value([...path, index++]);
    while (sign(','));
    if (!sign(']')) throw new Stop(at);
  };
  try {
    value([]);
    take(blank);
    return at === text.length ? null : at;
  } catch (error) {
    if (error instanceof Stop) return error.at;
    throw error;
  }
}
