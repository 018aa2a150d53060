/**
 * Entry of the probe process: it looks at a model file that nobody trusts yet, so that a file made
 * to break a parser breaks only this process.
 */
import { AppError, problemOf } from '../domain/contract/errors';
import { refuseSockets } from '../offline/refuse-sockets';
import { toProbeSchema, type FromProbe } from './probe-messages';
import { verifyModel } from './verify';

/** The part of Electron's `process.parentPort` that is used; this room does not import Electron. */
export interface ProbePort {
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  postMessage(message: FromProbe): void;
}

/** Answers every question on the port with exactly one message. */
export function serveProbe(port: ProbePort): void {
  port.on('message', ({ data }) => {
    void answer(data).then((message) => port.postMessage(message));
  });
}

async function answer(data: unknown): Promise<FromProbe> {
  try {
    const question = toProbeSchema.safeParse(data);
    if (!question.success) throw new AppError('BAD_REQUEST');
    return { type: 'verified', ...(await verifyModel(question.data.path)) };
  } catch (error) {
    return { type: 'problem', problem: problemOf(error) };
  }
}

const { parentPort } = process as { parentPort?: ProbePort };
if (parentPort) {
  refuseSockets();
  serveProbe(parentPort);
}
