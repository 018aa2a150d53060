import { describe, expect, it } from 'vitest';
import { commandOf, commands, isTyping, keyCaps } from './shortcuts';

const key = (
  name: string,
  held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {},
) => ({
  key: name,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});

describe('shortcuts', () => {
  it('the keys that the help names do what it says', () => {
    const named: Record<string, string> = { Esc: 'Escape', '↓': 'ArrowDown', '↑': 'ArrowUp' };
    for (const command of commands) {
      for (const cap of keyCaps[command]) {
        // Of a range, its last one.
        const [last = '', ...held] = cap.replace('1 – 9', '9').split(' ').reverse();
        const control = held.includes('Ctrl');
        const name = named[last] ?? last;
        // Arrows, Enter and what is held with Alt belong to the list that has the focus.
        if (held.includes('Alt')) continue;
        if (name.startsWith('Arrow') || (name === 'Enter' && !control)) continue;
        const event = key(
          control ? name.replace(/^[A-Z]$/, (letter) => letter.toLowerCase()) : name,
          {
            ctrlKey: control,
            shiftKey: held.includes('Shift'),
          },
        );
        expect(commandOf(event), cap).toBe(command);
      }
    }
  });

  it('Command on macOS counts as Control, and other combinations do nothing', () => {
    expect(commandOf(key('n', { metaKey: true }))).toBe('newRecord');
    expect(commandOf(key('n'))).toBeNull();
    expect(commandOf(key('z', { ctrlKey: true, shiftKey: true }))).toBeNull();
    expect(commandOf(key('j', { altKey: true }))).toBeNull();
  });

  it('fields keep their keys', () => {
    const element = (tagName: string, isContentEditable = false) =>
      ({ tagName, isContentEditable }) as unknown as EventTarget;
    expect(isTyping(element('INPUT'))).toBe(true);
    expect(isTyping(element('textarea'))).toBe(true);
    expect(isTyping(element('DIV', true))).toBe(true);
    expect(isTyping(element('BUTTON'))).toBe(false);
    expect(isTyping(null)).toBe(false);
  });
});
