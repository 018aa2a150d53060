/** Where the worker process begins; Electron starts this file as a utility process. */
import '../offline/begin';
import { readOneRecord } from '../documents/read-document';
import { writeChosenFile } from '../documents/write-chosen-file';
import { parentPort } from '../domain/contract/process-port';
import { WorkerService } from './service';

const service = new WorkerService(parentPort(), {
  readFile: readOneRecord,
  writeFile: writeChosenFile,
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
