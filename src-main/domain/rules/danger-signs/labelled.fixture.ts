import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LabelledSentence {
  readonly line: number;
  /** Ids of the signs that must fire (in the held-out files of their class); empty where none may. */
  readonly signs: readonly string[];
  readonly text: string;
}

/** @param name of a file beside this one: `signs|sentence` a line, `-` for none, `#` begins a comment */
export function labelledSentences(name: string): LabelledSentence[] {
  return readFileSync(join(import.meta.dirname, name), 'utf8')
    .split('\n')
    .flatMap((line, at) => {
      if (line === '' || line.startsWith('#')) return [];
      const bar = line.indexOf('|');
      const signs = line.slice(0, bar);
      return [
        { line: at + 1, signs: signs === '-' ? [] : signs.split(','), text: line.slice(bar + 1) },
      ];
    });
}
