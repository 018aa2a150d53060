/**
 * Reads, verifies and exports a log of many entries and prints the most memory that took, in KiB.
 * Arguments: folder, number of entries to write first (0 to read).
 */
import { writeSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditEntry } from '../../domain/contract/audit';
import { AuditLog } from './audit-log';
import { exportAudit } from './export-audit';
import { encodeEntry, encodeHead, genesis, hashOf, segmentBytes, segmentName } from './segment';

const user = '5f0b8c1e-0000-4000-8000-000000000001';
const record = '11111111-2222-4333-8444-555555555555';
const [folder = '', wanted = '0'] = process.argv.slice(2);
if (wanted !== '0') await writeLog(Number(wanted));
const log = await AuditLog.open(folder);
if (wanted === '0') {
  const newest = await log.read({}, { limit: 3 });
  const oldest = await log.read({ actor: user }, { before: 4 });
  const none = await log.read({ subject: user });
  const { entries, faults } = await log.verify({ signingKeysOf: () => [] });
  const path = join(folder, 'export.csv');
  const exported = await exportAudit(folder, path, {
    format: 'csv',
    filter: {},
    heads: [],
    nameOf: String,
    kindText: String,
  });
  await rm(path);
  const numbers = [...newest.entries, ...oldest.entries, ...none.entries].map(({ n }) => n);
  const kib = process.resourceUsage().maxRSS;
  writeSync(1, JSON.stringify({ numbers, entries, faults: faults.length, exported, kib }));
}
await log.close();

/** The files that appending would leave, without its syncs. */
async function writeLog(entries: number): Promise<void> {
  let hash = genesis;
  for (let segment = 1, n = 0; n < entries; segment += 1) {
    const head = encodeHead({ firstN: n + 1, prev: hash });
    hash = hashOf(head.subarray(0, -1));
    const lines = [head];
    for (let bytes = 0; bytes < segmentBytes && n < entries;) {
      n += 1;
      const event = { kind: 'record-viewed' } as const;
      const entry: AuditEntry = {
        n,
        at: Date.now(),
        actor: user,
        event,
        subject: record,
        result: 'ok',
      };
      const encoded = encodeEntry(entry, hash);
      lines.push(encoded.line);
      bytes += encoded.line.byteLength;
      hash = encoded.hash;
    }
    await writeFile(join(folder, segmentName(segment)), Buffer.concat(lines));
  }
}
