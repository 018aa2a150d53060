/** How long something takes, in words, as exact as an estimate deserves. */
import type { Formatter, Messages } from '@domain/messages';

export function durationText(seconds: number, m: Messages['batch'], format: Formatter): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return m.lessThanMinute;
  if (minutes < 60) return m.minutes(format.integer(minutes));
  return m.hours(format.integer(Math.floor(minutes / 60)), format.integer(minutes % 60));
}
