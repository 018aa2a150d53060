/** Which key does what; the same list feeds the handler and the help. */

export const commands = [
  'newRecord',
  'openFile',
  'search',
  'run',
  'stop',
  'next',
  'previous',
  'open',
  'rename',
  'remove',
  'undo',
  'exportText',
  'batchFirst',
  'batchUp',
  'exportFacts',
  'quickQuestion',
  'nextOrder',
  'panes',
  'screens',
  'lock',
  'help',
] as const;
export type Command = (typeof commands)[number];

/** Key caps as the help shows them; alternatives are separate entries. */
export const keyCaps: Record<Command, readonly string[]> = {
  newRecord: ['Ctrl N'],
  openFile: ['Ctrl O'],
  search: ['Ctrl F', '/'],
  run: ['Ctrl Enter'],
  stop: ['Esc'],
  next: ['J', '↓'],
  previous: ['K', '↑'],
  open: ['Enter'],
  rename: ['F2'],
  remove: ['Delete'],
  undo: ['Ctrl Z'],
  exportText: ['Ctrl E'],
  batchFirst: ['Alt Home'],
  batchUp: ['Alt ↑', 'Alt ↓'],
  exportFacts: ['Ctrl Shift E'],
  quickQuestion: ['1 – 9'],
  nextOrder: ['F8'],
  panes: ['F6'],
  screens: ['Ctrl 1 – 9', 'Ctrl 0'],
  // Main hears it before the page, so that it works whatever the page is doing.
  lock: ['F9', 'Ctrl L'],
  help: ['?', 'F1'],
};

export interface KeyLike {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

const plain: Record<string, Command> = {
  Escape: 'stop',
  j: 'next',
  J: 'next',
  k: 'previous',
  K: 'previous',
  F1: 'help',
  F2: 'rename',
  F6: 'panes',
  F8: 'nextOrder',
  F9: 'lock',
  Delete: 'remove',
  '?': 'help',
  // The question mark of a Chinese input method.
  '？': 'help',
  '/': 'search',
  // The same key under a Chinese input method.
  '、': 'search',
  '／': 'search',
};

for (const digit of '123456789') plain[digit] = 'quickQuestion';

const withControl: Record<string, Command> = {
  n: 'newRecord',
  o: 'openFile',
  e: 'exportText',
  f: 'search',
  Enter: 'run',
  l: 'lock',
  z: 'undo',
  '1': 'screens',
  '2': 'screens',
  '3': 'screens',
  '4': 'screens',
  '5': 'screens',
  '6': 'screens',
  '7': 'screens',
  '8': 'screens',
  '9': 'screens',
  '0': 'screens',
};

/** The command a key stands for, or null; Command on macOS counts as Control. */
export function commandOf(event: KeyLike): Command | null {
  if (event.altKey) return null;
  if (event.ctrlKey || event.metaKey) {
    if (event.shiftKey) return event.key.toLowerCase() === 'e' ? 'exportFacts' : null;
    return withControl[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null;
  }
  return plain[event.key] ?? null;
}

/** True where keys belong to what is being typed. */
export function isTyping(target: EventTarget | null): boolean {
  if (!target || !('tagName' in target)) return false;
  const element = target as HTMLElement;
  return (
    element.isContentEditable ||
    ['INPUT', 'TEXTAREA', 'SELECT'].includes(element.tagName.toUpperCase())
  );
}
