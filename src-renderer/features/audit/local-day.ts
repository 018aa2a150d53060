/** Days as a date field gives them, in local time. */

/** Milliseconds of a day's first moment; null for an empty or impossible day. */
export function startOfDay(day: string): number | null {
  const at = day === '' ? Number.NaN : new Date(`${day}T00:00`).getTime();
  return Number.isNaN(at) ? null : at;
}

/** Milliseconds of a day's last moment. Not a day's length later: clocks are changed in between. */
export function endOfDay(day: string): number | null {
  const start = startOfDay(day);
  if (start === null) return null;
  const next = new Date(start);
  next.setDate(next.getDate() + 1);
  return next.getTime() - 1;
}
