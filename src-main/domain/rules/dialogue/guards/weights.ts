/** How much a clause says what a guard looks for, by weights that `scripts/fit-guards.ts` fits. */
import fitted from '../../../../../resources/lexicons/guard-weights.json' with { type: 'json' };

/** The guards that are weighed, as the weights know them. */
export type WeighedGuard = keyof typeof fitted.guards;

interface Table {
  readonly weights: Int8Array;
  readonly unit: number;
  readonly threshold: number;
}

const tables = new Map<WeighedGuard, Table>(
  (Object.keys(fitted.guards) as WeighedGuard[]).map((guard) => {
    const { weights, unit, threshold } = fitted.guards[guard];
    return [guard, { weights: bytesOf(weights), unit, threshold }];
  }),
);

/**
 * @param rows of a clause, see `featuredClauses`
 * @returns from 0 on where the clause is to be shown, in log odds from there
 */
export function leadOf(guard: WeighedGuard, rows: readonly number[]): number {
  const table = tables.get(guard);
  if (table === undefined) throw new RangeError('no weights');
  let sum = 0;
  for (const row of rows) sum += table.weights[row] ?? 0;
  return (sum * table.unit) / Math.sqrt(Math.max(1, rows.length)) - table.threshold;
}

function bytesOf(base64: string): Int8Array {
  return Int8Array.from(atob(base64), (char) => char.charCodeAt(0));
}
