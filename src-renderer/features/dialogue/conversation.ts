/** A conversation as text and as turns. */
import type { FoundSign, Turn } from '@domain/contract/dialogue';
import { turnText } from '@domain/rules/dialogue/parse-dialogue';
import { singleLine } from '../../ui/visible-text';

/** A turn on screen: a role that was not written there is marked until somebody has looked at it. */
export interface ShownTurn extends Turn {
  readonly isGuess: boolean;
}

const names = { patient: '患者', doctor: '医生' } as const;

/** Turns as a person edits them; reading it again gives the same turns. */
export function turnsText(turns: readonly Turn[]): string {
  return turns.map(({ role, text }) => turnText(names[role], text)).join('\n');
}

/** UTF-16 units of a title. */
const titleChars = 24;

/** What a list calls a conversation: what the patient said last; empty where no patient speaks. */
export function titleOf(turns: readonly Turn[]): string {
  const said = turns.findLast(({ role }) => role === 'patient');
  const line = singleLine((said?.text ?? '').slice(0, 200));
  const title = [...line].slice(0, titleChars).join('');
  return title.length < line.length ? `${title}…` : title;
}

/** Every place of signs by its turn, in the order of the text: also the parts of what was told over several turns. */
export function signsByTurn(signs: readonly FoundSign[]): ReadonlyMap<number, FoundSign[]> {
  const places = signs.flatMap((sign) => [
    sign,
    ...(sign.parts ?? []).map((part) => ({ ...sign, ...part })),
  ]);
  places.sort((a, b) => a.start - b.start || b.end - a.end);
  const byTurn = new Map<number, FoundSign[]>();
  for (const place of places) byTurn.set(place.turn, [...(byTurn.get(place.turn) ?? []), place]);
  return byTurn;
}
