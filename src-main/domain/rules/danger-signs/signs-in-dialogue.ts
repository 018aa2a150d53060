import type { FoundSign, Turn } from '../../contract/dialogue';
import { findDangerSigns } from './find-danger-signs';

/** Signs in what patients say; a doctor who asks about chest pain reports none. */
export function signsInDialogue(turns: readonly Turn[]): FoundSign[] {
  return turns.flatMap(({ role, text }, turn) =>
    role === 'patient'
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
