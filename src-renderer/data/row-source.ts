/** What the page asks of the journal beside following it; the worker answers. */
import type { JournalRow, TableName } from '@domain/contract/record';
import { maxBatchRows, type RowAddressOf, type RowClaim } from '@domain/contract/worker-port';
import type { RpcClient } from '@domain/contract/rpc';
import type { WorkerMethods } from '@domain/contract/worker-port';

export interface RowSource {
  /** Wrapped keys; null for one that is damaged or was destroyed. */
  keys(
    keyIds: readonly string[],
  ): Promise<readonly { readonly keyId: string; readonly wrapped: Uint8Array | null }[]>;
  /** Those of `claims` that are not the newest committed version, and how far the journal has come. */
  outdated(
    claims: readonly RowClaim[],
  ): Promise<{ readonly outdated: readonly RowAddressOf[]; readonly lastSeq: number }>;
  /** Ids of all rows of a table that can be read, and how far the journal has come. */
  ids(table: TableName): Promise<{ readonly ids: readonly string[]; readonly lastSeq: number }>;
  /** The newest committed versions; what is not there is left out. */
  rows(addresses: readonly RowAddressOf[]): Promise<readonly JournalRow[]>;
}

/** @param ready the live worker, or the next one */
export function workerRows(ready: () => Promise<RpcClient<WorkerMethods>>): RowSource {
  /** In requests of a size that the border allows. */
  const inParts = async <T, R>(all: readonly T[], ask: (part: T[]) => Promise<R>): Promise<R[]> => {
    const answers: R[] = [];
    for (let at = 0; at < all.length; at += maxBatchRows)
      answers.push(await ask(all.slice(at, at + maxBatchRows)));
    return answers;
  };
  return {
    keys: async (keyIds) => {
      const parts = await inParts(keyIds, async (part) =>
        (await ready()).call('keys.get', { keyIds: part }),
      );
      return parts.flatMap(({ keys }) => keys);
    },
    outdated: async (claims) => {
      const parts = await inParts(claims, async (part) =>
        (await ready()).call('rows.check', { claims: part }),
      );
      return {
        outdated: parts.flatMap(({ outdated }) => outdated),
        lastSeq: Math.max(0, ...parts.map(({ lastSeq }) => lastSeq)),
      };
    },
    ids: async (table) => (await ready()).call('rows.ids', { table }),
    rows: async (addresses) => {
      const parts = await inParts(addresses, async (part) =>
        (await ready()).call('rows.get', { addresses: part }),
      );
      return parts.flatMap(({ rows }) => rows);
    },
  };
}
