/**
 * What WeChat puts above an answer to an older message: 「name：its words」, then a line of dashes. These words are not
 * those of whoever answers.
 */
export interface Said {
  readonly speaker: string | null;
  readonly lines: string[];
}

const opening = /^[「『][^：:「『]{1,24}[：:]/u;
const whole = /^[「『]([^：:「『]{1,24})[：:]\s*([^]*)[」』]$/u;
const dashes = /^(?:[-—－–]\s*){5,}$/u;

/** Whether a line looks as if a quoted message began there. */
export function beginsQuotedMessage(line: string): boolean {
  return opening.test(line);
}

/**
 * Without what others are quoted with; where that stands nowhere else it becomes a message of theirs, so that
 * nothing is lost.
 */
export function withoutQuotedMessages(spoken: readonly Said[]): Said[] {
  const told = new Set(spoken.flatMap(({ lines }) => lines));
  return spoken.flatMap((message) => {
    const border = message.lines.findIndex((line) => dashes.test(line));
    const [, name, words] =
      whole.exec(message.lines.slice(0, Math.max(0, border)).join('\n').trim()) ?? [];
    if (name === undefined || words === undefined) return [message];
    const own = { speaker: message.speaker, lines: message.lines.slice(border + 1) };
    const quoted = words.split('\n');
    const isKnown = quoted.every((line) => told.has(line));
    return isKnown ? [own] : [{ speaker: name.trim(), lines: quoted }, own];
  });
}
