/** A share of 1 with the three digits that tell two models apart; a dash where there is none. */
export function shareText(share: number | null): string {
  return share === null ? '–' : share.toFixed(3);
}
