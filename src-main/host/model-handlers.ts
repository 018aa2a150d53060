/** What the page asks of the models of this desktop. */
import type { NewAuditEntry } from '../domain/contract/audit';
import type { HandlersOf, PathDialogs, Sender } from '../domain/contract/ipc-handlers';
import { knownModels } from '../library/catalog';
import type { ModelLibrary } from '../library/model-library';
import { chatFormats } from '../library/prompt-formats';
import type { ModelDesk } from './model-desk';

export interface ModelParts {
  readonly library: ModelLibrary;
  readonly desk: ModelDesk;
  readonly audit: { tell(entry: NewAuditEntry): void };
  readonly dialogs: PathDialogs;
  /** @throws AppError `NETWORK_PATH` */
  checkPath(path: string): string;
}

export function modelHandlers(parts: ModelParts): HandlersOf<'library'> {
  const { library, desk, audit, dialogs, checkPath } = parts;
  const chooseFile = (sender: Sender): Promise<string | null> =>
    dialogs.choosePath(sender, {
      properties: ['openFile'],
      filters: [{ name: 'GGUF', extensions: ['gguf'] }],
    });
  return {
    'library.catalog': () => [...knownModels],
    'library.get': () => library.list(),
    'library.choose': (_nothing, sender) => chooseFile(sender),
    'library.examine': ({ path }) => library.examine(checkPath(path)),
    'library.import': ({ path, place }) => library.import({ path: checkPath(path), place }),
    'library.import.state': () => library.importState,
    'library.import.control': ({ action }) => library.controlImport(action),
    'library.locate': async ({ id }, sender) => {
      const path = await chooseFile(sender);
      if (path !== null) library.import({ path, place: 'referenced', expected: id });
      return path !== null;
    },
    'library.remove': async ({ id }) => {
      await desk.remove(id);
      audit.tell({ event: { kind: 'model-removed' }, subject: id });
    },
    'library.formats': () => [...chatFormats],
    'library.format': ({ id, format }) => desk.setFormat(id, format),
    'library.assign': async ({ job, id }) => {
      await library.assign(job, id);
      const subject = id === null ? {} : { subject: id };
      audit.tell({ event: { kind: 'model-assigned', job }, ...subject });
    },
    'library.fit': ({ id, settings }) => desk.fitOf(id, settings),
    'library.settings': async ({ id, settings }) => {
      await desk.setSettings(id, settings);
      audit.tell({ event: { kind: 'model-settings' }, subject: id });
    },
    'library.activate': async ({ id }) => {
      await desk.activate(id);
      audit.tell({ event: { kind: 'model-activated' }, ...(id === null ? {} : { subject: id }) });
    },
  };
}
