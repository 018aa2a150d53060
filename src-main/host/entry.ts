/** Entry of the model host, a utility process: native code runs here and may take it down. */
import { incidentId, problemOf } from '../domain/contract/errors';
import { hostMethods, type HostState } from '../domain/contract/host-port';
import { fromProcessPort, parentPort } from '../domain/contract/process-port';
import { serve } from '../domain/contract/rpc';
import { prepareNativeLoading } from '../engine/native-loading';
import { refuseSockets } from '../offline/refuse-sockets';
import { toHostSchema, type FromHost } from './control';
import { ModelService } from './model-service';

refuseSockets();
prepareNativeLoading();

const parent = parentPort();
const publish = (state: HostState): void => {
  parent.postMessage({ type: 'state', state } satisfies FromHost);
};
const service = new ModelService(publish);

// Codes and incident ids only: an error's text could quote a record.
const logInternal = (error: unknown, incident: string): void => {
  const name = error instanceof Error ? error.name : typeof error;
  process.stderr.write(`host: INTERNAL ${incident} ${name}\n`);
};

parent.on('message', ({ data, ports }) => {
  const parsed = toHostSchema.safeParse(data);
  if (!parsed.success) return;
  const message = parsed.data;
  if (message.type === 'load') {
    service.load(message).catch((error: unknown) => {
      logInternal(error, incidentId());
      publish({ phase: 'failed', problem: problemOf(error) });
    });
    return;
  }
  const [port] = ports;
  if (port) {
    serve(fromProcessPort(port), hostMethods, service.handlers, { onInternalError: logInternal });
  }
});
