/** Entry of the model host, a utility process: native code runs here and may take it down. */
import '../offline/begin';
import { problemOf } from '../domain/contract/errors';
import { hostMethods } from '../domain/contract/host-port';
import { fromProcessPort, parentPort } from '../domain/contract/process-port';
import { serve } from '../domain/contract/rpc';
import { probeMachine, refreshMachine } from '../engine/machine';
import { prepareNativeLoading } from '../engine/native-loading';
import { toHostSchema, type FromHost, type ToHost } from './control';
import { ModelService } from './model-service';
import { ModelSlots } from './model-slots';

/** Milliseconds between two reports of memory and work. */
const vitalsEvery = 2_000;

prepareNativeLoading();

const parent = parentPort();
const tell = (message: FromHost): void => parent.postMessage(message);
const slots = new ModelSlots((state) => tell({ type: 'model', state }));
const service = new ModelService(slots);

// Codes and incident ids only: an error's text could quote a record.
const logInternal = (error: unknown, incident: string): void => {
  const name = error instanceof Error ? error.name : typeof error;
  process.stderr.write(`host: INTERNAL ${incident} ${name}\n`);
};

parent.on('message', ({ data, ports }) => {
  const parsed = toHostSchema.safeParse(data);
  if (!parsed.success) return;
  const message = parsed.data;
  const [port] = ports;
  if (message.type === 'load') {
    void slots.load(message);
  } else if (message.type === 'unload') {
    const { slot } = message;
    void slots.unload(slot).then((returned) => tell({ type: 'unloaded', slot, returned }));
  } else if (message.type === 'machine') {
    void tellMachine(message);
  } else if (message.type === 'forget') {
    void slots.forget().then(() => tell({ type: 'forgotten' }));
  } else if (port) {
    serve(fromProcessPort(port), hostMethods, service.handlers, { onInternalError: logInternal });
  }
});

async function tellMachine({
  known,
  withGpus,
}: Extract<ToHost, { type: 'machine' }>): Promise<void> {
  try {
    await slots.settled();
    const probed = known
      ? { ...known, machine: await refreshMachine(known.machine) }
      : await probeMachine(withGpus);
    const machine = slots.withoutImported(probed.machine);
    tell({ type: 'machine', probed: { ...probed, machine } });
  } catch (error) {
    tell({ type: 'no-machine', problem: problemOf(error) });
  }
}

function reportVitals(): void {
  const memory = { residentBytes: process.memoryUsage.rss(), videoBytes: slots.videoBytes() };
  tell({ type: 'vitals', memory, activity: service.activity });
}
setInterval(reportVitals, vitalsEvery);
