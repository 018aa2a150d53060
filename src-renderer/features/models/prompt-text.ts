/** A token's text with what cannot be seen in it made visible. */
export function visibleText(text: string): string {
  return text.replace(/ /g, '␣').replace(/\n/g, '⏎').replace(/\t/g, '⇥');
}
