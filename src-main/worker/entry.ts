/** Where the worker process begins; Electron starts this file as a utility process. */
import '../offline/begin';
import { join } from 'node:path';
import { formatOfName } from '../documents/file-format';
import { listFiles } from '../documents/list-files';
import { previewTable } from '../documents/preview-table';
import { readDocument, readOneRecord } from '../documents/read-document';
import { writeChosenFile, writeChosenStream } from '../documents/write-chosen-file';
import { parentPort } from '../domain/contract/process-port';
import { WorkerService } from './service';

const service = new WorkerService(parentPort(), {
  readFile: readOneRecord,
  writeFile: writeChosenFile,
  documents: {
    list: listFiles,
    read: readDocument,
    preview: previewTable,
    formatOf: formatOfName,
  },
  writeStream: writeChosenStream,
  labelsDir: join(import.meta.dirname, '..', '..', 'resources', 'labels'),
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
