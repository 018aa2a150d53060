/** Which key does what in a review. Letters by what they write, brackets by where they lie. */
import type { Edge } from '@domain/review/edit-fact';

export type Flag = 'negated' | 'uncertain' | 'historical';

export type ReviewCommand =
  | {
      readonly kind:
        | 'accept'
        | 'reject'
        | 'reopen'
        | 'take'
        | 'next'
        | 'previous'
        | 'next-open'
        | 'previous-open'
        | 'order'
        | 'accept-type'
        | 'accept-section'
        | 'experiencer'
        | 'types'
        | 'edit'
        | 'caret'
        | 'undo'
        | 'redo'
        | 'confirm'
        | 'next-record'
        | 'history';
    }
  /** From 0. With `newRow` a member of a group begins a row. */
  | { readonly kind: 'type'; readonly index: number; readonly newRow?: true }
  | { readonly kind: 'flag'; readonly flag: Flag }
  | { readonly kind: 'edge'; readonly edge: Edge; readonly by: -1 | 1 };

export interface ReviewKey {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  /** Held down: what decides is for one press only, or facts would be decided unseen. */
  readonly repeat: boolean;
}

const letters: Record<string, ReviewCommand> = {
  ' ': { kind: 'accept' },
  a: { kind: 'accept' },
  x: { kind: 'reject' },
  Delete: { kind: 'reject' },
  u: { kind: 'reopen' },
  t: { kind: 'take' },
  j: { kind: 'next' },
  k: { kind: 'previous' },
  ArrowDown: { kind: 'next' },
  ArrowUp: { kind: 'previous' },
  n: { kind: 'next-open' },
  o: { kind: 'order' },
  q: { kind: 'flag', flag: 'negated' },
  w: { kind: 'flag', flag: 'uncertain' },
  e: { kind: 'flag', flag: 'historical' },
  r: { kind: 'experiencer' },
  m: { kind: 'types' },
  f: { kind: 'edit' },
  c: { kind: 'caret' },
  g: { kind: 'next-record' },
  h: { kind: 'history' },
};

const shifted: Record<string, ReviewCommand> = {
  a: { kind: 'accept-type' },
  s: { kind: 'accept-section' },
  n: { kind: 'previous-open' },
};

const repeatable: readonly ReviewCommand['kind'][] = ['next', 'previous', 'edge'];

/** The command of a key, or null for one that is none of the review's. */
export function reviewCommandOf(event: ReviewKey): ReviewCommand | null {
  const command = commandOf(event);
  return command && event.repeat && !repeatable.includes(command.kind) ? null : command;
}

function commandOf(event: ReviewKey): ReviewCommand | null {
  if (event.altKey) {
    // By where it lies: with this key some systems write other signs.
    const digit = /^Digit([0-9])$/.exec(event.code)?.[1];
    if (digit === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return null;
    return { kind: 'type', index: (Number(digit) + 9) % 10, newRow: true };
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    if (key === 'z') return { kind: event.shiftKey ? 'redo' : 'undo' };
    if (key === 'y' && !event.shiftKey) return { kind: 'redo' };
    return key === 'Enter' && !event.shiftKey ? { kind: 'confirm' } : null;
  }
  // With Chinese input on, brackets write 【 and 」.
  if (event.code === 'BracketLeft') {
    return { kind: 'edge', edge: 'start', by: event.shiftKey ? 1 : -1 };
  }
  if (event.code === 'BracketRight') {
    return { kind: 'edge', edge: 'end', by: event.shiftKey ? -1 : 1 };
  }
  if (event.shiftKey) return shifted[key] ?? null;
  if (/^[0-9]$/.test(key)) return { kind: 'type', index: (Number(key) + 9) % 10 };
  return letters[key] ?? null;
}

/** For the help: the caps of each, in the order in which they are learnt. */
export const reviewKeyCaps = [
  ['accept', ['Space', 'A']],
  ['reject', ['X', 'Delete']],
  ['reopen', ['U']],
  ['step', ['J', 'K']],
  ['nextOpen', ['N', 'Shift N']],
  ['type', ['1 – 9']],
  ['types', ['M']],
  ['edges', ['[', ']', '{', '}']],
  ['flags', ['Q', 'W', 'E', 'R']],
  ['edit', ['F']],
  ['take', ['T']],
  ['caret', ['C']],
  ['acceptType', ['Shift A']],
  ['acceptSection', ['Shift S']],
  ['order', ['O']],
  ['undo', ['Ctrl Z', 'Ctrl Y']],
  ['confirm', ['Ctrl Enter']],
  ['nextRecord', ['G']],
  ['history', ['H']],
] as const;

/** Of these each key does something else, in the order in which the words name it. */
export const inOrder: ReadonlySet<string> = new Set(['step', 'nextOpen', 'edges', 'flags', 'undo']);
