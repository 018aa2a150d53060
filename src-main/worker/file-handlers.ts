/** Files that a person hands over: their paths go to the worker, and the page gets a ticket in their stead. */
import { randomUUID } from 'node:crypto';
import { anyFolder } from './any-folder';
import type { HandlersOf, InvokeHandlers, PathDialogs } from '../domain/contract/ipc-handlers';

export interface FileParts {
  readonly worker: { offer(ticket: string, paths: readonly string[]): Promise<void> };
  readonly dialogs: PathDialogs;
  /** @throws AppError `NETWORK_PATH` */
  checkPath(path: string): string;
}

export function fileHandlers(
  parts: FileParts,
): Pick<InvokeHandlers, 'batch.choose' | 'batch.offer' | 'files.anyFolder'> &
  HandlersOf<'evaluation'> {
  const { worker, dialogs, checkPath } = parts;
  const offer = async (paths: readonly string[]): Promise<string> => {
    const ticket = randomUUID();
    await worker.offer(ticket, paths);
    return ticket;
  };
  return {
    'batch.choose': async ({ what }, sender) => {
      const paths = await dialogs.choosePaths(sender, {
        properties: what === 'folder' ? ['openDirectory'] : ['openFile', 'multiSelections'],
      });
      return paths.length === 0 ? null : offer(paths);
    },
    'batch.offer': ({ paths }) => offer(paths.map(checkPath)),
    'files.anyFolder': ({ paths }) => anyFolder(paths.map(checkPath)),
    'evaluation.choose': async ({ what }, sender) => {
      const extensions = what === 'set' ? ['jsonl', 'json', 'txt'] : ['json'];
      const path = await dialogs.choosePath(sender, {
        properties: ['openFile'],
        filters: [{ name: extensions[0]?.toUpperCase() ?? '', extensions }],
      });
      return path === null ? null : offer([path]);
    },
  };
}
