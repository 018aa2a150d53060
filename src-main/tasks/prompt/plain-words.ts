/**
 * Some formats mark turns with plain words ([human]:, [INST]) instead of control tokens. Whoever writes these
 * words into a record or a message would begin a turn of their own; so in what people say, the first sign
 * of such a mark is its full-width form, which reads the same and marks nothing.
 */
import type { Piece, Turns } from '../../domain/contract/prompt-format';

const toFullWidth = 0xfee0;

/** @returns what makes people's words plain in a format; the same words where the format has no such marks */
export function plainWords(turns: Turns): (words: string) => string {
  const pieces: readonly Piece[] = [
    ...[turns.firstUser, turns.toAnswer, turns.toPastAnswer ?? [], turns.toNextUser].flat(),
    ...(turns.system ? [...turns.system.before, ...turns.system.after] : []),
  ];
  const marks = pieces.flatMap((piece) =>
    'text' in piece
      ? piece.text.split(/\s+/).filter((mark) => /^[!-/:-@[-`{-~].{2,}/.test(mark))
      : [],
  );
  if (marks.length === 0) return (words) => words;
  const escaped = [...new Set(marks)]
    .sort((a, b) => b.length - a.length)
    .map((mark) => mark.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  const pattern = new RegExp(escaped.join('|'), 'giu');
  return (words) =>
    words.replace(
      pattern,
      (mark) => String.fromCharCode(mark.charCodeAt(0) + toFullWidth) + mark.slice(1),
    );
}
