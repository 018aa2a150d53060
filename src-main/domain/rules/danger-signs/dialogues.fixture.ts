import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Turn } from '../../contract/dialogue';

export interface LabelledDialogue {
  /** The class that must be raised; null where nothing may be. */
  readonly classId: string | null;
  readonly turns: readonly Turn[];
}

/** @param name of a file beside this one; dialogues.txt says how it is written */
export function labelledDialogues(name: string): LabelledDialogue[] {
  const blocks = readFileSync(join(import.meta.dirname, name), 'utf8')
    .split(/^= /mu)
    .slice(1);
  return blocks.map((block) => {
    const [label = '', ...lines] = block.split('\n').filter((line) => line !== '');
    return {
      classId: label === '-' ? null : label,
      turns: lines.map((line) => ({
        role: line.startsWith('患：') ? 'patient' : 'doctor',
        text: line.slice(2),
      })),
    };
  });
}
