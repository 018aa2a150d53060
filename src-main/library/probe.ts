/**
 * Entry of the probe process: it looks at a model file that nobody trusts yet, so that a file made
 * to break a parser breaks only this process.
 */
import '../offline/begin';
import { answer } from './answer';
import { Pausing } from './pausing';
import { toProbeSchema, type FromProbe } from './probe-messages';

/** The part of Electron's `process.parentPort` that is used; this room does not import Electron. */
export interface ProbePort {
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  postMessage(message: FromProbe): void;
}

/** Milliseconds between two reports of progress. */
const reportEvery = 100;

/** Answers every question on the port with exactly one message, after any number of progress messages. */
export function serveProbe(port: ProbePort): void {
  const pausing = new Pausing();
  let reported = 0;
  port.on('message', ({ data }) => {
    const message = toProbeSchema.safeParse(data);
    if (!message.success) {
      port.postMessage({ type: 'problem', problem: { code: 'BAD_REQUEST' } });
      return;
    }
    if (message.data.type === 'pause') pausing.pause();
    else if (message.data.type === 'resume') pausing.resume();
    else {
      const onProgress = (done: number, total: number): void => {
        const now = performance.now();
        if (now - reported < reportEvery) return;
        reported = now;
        port.postMessage({ type: 'progress', done, total });
      };
      void answer(message.data.question, { pausing, onProgress }).then((end) =>
        port.postMessage(end),
      );
    }
  });
}

const { parentPort } = process as { parentPort?: ProbePort };
if (parentPort) serveProbe(parentPort);
