/**
 * JSON that is the same for the same value, whoever writes it: keys in the order of their UTF-16 units,
 * no white space, members that are undefined left out (as RFC 8785 has it for what facts hold).
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    const members: unknown[] = value;
    return `[${members.map((member) => canonicalJson(member ?? null)).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}

/** Whether two values of JSON say the same. */
export function sameJson(a: unknown, b: unknown): boolean {
  return a === b || canonicalJson(a) === canonicalJson(b);
}
