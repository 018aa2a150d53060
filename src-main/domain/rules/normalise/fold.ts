/** A quotation in one way of writing, for reading numbers, units and dates out of it. */

const superscripts = new Map(Array.from('⁰¹²³⁴⁵⁶⁷⁸⁹', (char, digit) => [char, String(digit)]));

/**
 * Half width, one sign for each meaning, and raised digits as `^9`, before NFKC would make 109 of 10⁹.
 */
export function foldQuotation(text: string): string {
  return text
    .replace(/[⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+/g, (raised) => {
      const digits = Array.from(raised, (char) => superscripts.get(char) ?? '-').join('');
      return `^${digits}`;
    })
    .replace(/℃/g, '°C')
    .replace(/㎡/g, 'm^2')
    .normalize('NFKC')
    .replace(/[–—−－~～〜]/g, (dash) => (/[~～〜]/.test(dash) ? '~' : '-'))
    .replace(/[μµ]/g, 'μ')
    .replace(/[✕✖╳]/g, '×')
    .replace(/\s+/g, ' ')
    .trim();
}
