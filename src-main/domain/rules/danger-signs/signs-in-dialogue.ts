import type { FoundSign, Turn } from '../../contract/dialogue';
import { findDangerSigns } from './find-danger-signs';

/**
 * Signs in what patients say; a doctor who asks about chest pain reports none. Who speaks may be a guess:
 * then it may be the patient, and a sign too many is better than one too few.
 */
export function signsInDialogue(
  turns: readonly (Turn & { readonly isGuess?: boolean })[],
): FoundSign[] {
  return turns.flatMap(({ role, text, isGuess = false }, turn) =>
    role === 'patient' || isGuess
      ? findDangerSigns(text).map(({ classId, signId, start, end }) => ({
          classId,
          signId,
          turn,
          start,
          end,
        }))
      : [],
  );
}
