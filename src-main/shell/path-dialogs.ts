/** The system's dialogs for files and folders. What they return is remembered as chosen by a person. */
import { BrowserWindow, dialog } from 'electron';
import { AppError } from '../domain/contract/errors';
import type { PathDialogs, PathQuestion, Sender } from '../domain/contract/ipc-handlers';
import type { ChosenPaths } from './network-path';

/** @throws AppError `FORBIDDEN_SENDER` */
export function windowOf(sender: Sender): BrowserWindow {
  const window = BrowserWindow.getAllWindows().find(
    ({ webContents }) => webContents.id === sender.id,
  );
  if (!window) throw new AppError('FORBIDDEN_SENDER');
  return window;
}

export function pathDialogs(chosenPaths: ChosenPaths): PathDialogs {
  const choosePaths = async (sender: Sender, question: PathQuestion): Promise<string[]> => {
    const { filePaths } = await dialog.showOpenDialog(windowOf(sender), {
      ...question,
      // The system's list of recent files is read by whoever uses the desktop next.
      properties: [...question.properties, 'dontAddToRecent'],
    });
    for (const path of filePaths) chosenPaths.add(path);
    return filePaths;
  };
  return {
    choosePaths,
    choosePath: async (sender, question) => (await choosePaths(sender, question))[0] ?? null,
    chooseSavePath: async (sender, question) => {
      const { canceled, filePath } = await dialog.showSaveDialog(windowOf(sender), question);
      return canceled || filePath === '' ? null : filePath;
    },
  };
}
