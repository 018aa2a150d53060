// The thread of `hashInThread`. It hashes the files of its `workerData` one after another and says how
// far it is; a growing one as far as it is told to. Plain JavaScript, because a thread of Node's has not
// the compiler that runs the sources.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';

const { paths, growing } = workerData;
const piece = Buffer.allocUnsafeSlow(4 * 1024 * 1024);
let done = 0;
let grown = { length: 0, last: false };
let wake = () => undefined;
if (growing) {
  parentPort.on('message', (message) => {
    grown = message;
    wake();
  });
}

async function hashOf(path) {
  const file = await open(path, 'r');
  try {
    if (!growing) grown = { length: (await file.stat()).size, last: true };
    const hash = createHash('sha256');
    for (let at = 0; at < grown.length || !grown.last;) {
      if (at === grown.length) {
        await new Promise((resolve) => (wake = resolve));
        continue;
      }
      const { bytesRead } = await file.read(
        piece,
        0,
        Math.min(piece.length, grown.length - at),
        at,
      );
      // Of a disk that was taken out, a system may say only that the file ends here.
      if (bytesRead === 0) throw new Error('cut');
      hash.update(piece.subarray(0, bytesRead));
      at += bytesRead;
      done += bytesRead;
      parentPort.postMessage({ type: 'progress', done });
    }
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

const hashes = [];
try {
  for (const path of paths) hashes.push(await hashOf(path));
  parentPort.postMessage({ type: 'hashed', hashes });
} catch (error) {
  const detail = String(error?.code ?? error?.message);
  parentPort.postMessage({ type: 'failed', index: hashes.length, detail });
}
if (growing) parentPort.close();
