// The thread of `hashInThread`: hashes the files of its `workerData` one after another and says how far
// it is. Plain JavaScript, because a thread of Node's has not the compiler that runs the sources.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';

const piece = Buffer.allocUnsafeSlow(4 * 1024 * 1024);
let done = 0;

async function hashOf(path) {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const hash = createHash('sha256');
    let at = 0;
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, piece.length, at);
      if (bytesRead === 0) break;
      hash.update(piece.subarray(0, bytesRead));
      at += bytesRead;
      done += bytesRead;
      parentPort.postMessage({ type: 'progress', done });
    }
    // Of a disk that was taken out, a system may say only that the file ends here.
    if (at !== size) throw new Error('cut');
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

const hashes = [];
try {
  for (const path of workerData) hashes.push(await hashOf(path));
  parentPort.postMessage({ type: 'hashed', hashes });
} catch (error) {
  const detail = String(error?.code ?? error?.message);
  parentPort.postMessage({ type: 'failed', index: hashes.length, detail });
}
