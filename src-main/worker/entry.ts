/** Where the worker process begins; Electron starts this file as a utility process. */
import '../offline/begin';
import { decodeText } from '../documents/decode-text';
import { writeChosenFile, writeChosenStream } from '../documents/write-chosen-file';
import { parentPort } from '../domain/contract/process-port';
import { WorkerService } from './service';

const service = new WorkerService(parentPort(), {
  decodeText,
  writeFile: writeChosenFile,
  writeStream: writeChosenStream,
  onInternalError: (error, incident) => {
    // Only the kind of error: its message may quote what it stumbled over.
    const kind = error instanceof Error ? error.name : typeof error;
    process.stderr.write(`worker: internal error ${incident} (${kind})\n`);
  },
});

// A save that was asked for just before quitting is still finished.
process.once('SIGTERM', () => {
  void service.close().finally(() => process.exit(0));
});
