import type { FoundSign, Turn } from '../../contract/dialogue';
import { findDangerSigns, type DangerSign } from './find-danger-signs';

/**
 * Signs in what patients say; a doctor who asks about chest pain reports none. Who speaks may be a guess:
 * then it may be the patient, and a sign too many is better than one too few.
 *
 * @param find Defaults to reading each text anew.
 */
export function signsInDialogue(
  turns: readonly (Turn & { readonly isGuess?: boolean })[],
  find: (text: string) => readonly DangerSign[] = findDangerSigns,
): FoundSign[] {
  return turns.flatMap(({ role, text, isGuess = false }, turn) =>
    role === 'patient' || isGuess
      ? find(text).map(({ classId, signId, start, end }) => ({
          classId,
          signId,
          turn,
          start,
          end,
        }))
      : [],
  );
}
