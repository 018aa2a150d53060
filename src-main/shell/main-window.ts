/** The main window: remembered place, refused everything that a page of ours never needs. */
import { BrowserWindow, screen } from 'electron';
import * as z from 'zod';
import { endProcess } from './end-process';
import { readJsonFile, writeJsonFile } from './json-file';
import { pageUrls, type OwnPage } from './own-page';

const boundsSchema = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().min(800),
  height: z.int().min(500),
  maximized: z.boolean(),
});

export interface MainWindowOptions {
  readonly preload: string;
  /** File that remembers the window's place. */
  readonly boundsFile: string;
  readonly title: string;
  /** Background until the first paint, so that a dark desktop does not flash white. */
  readonly background: string;
  readonly zoom: number;
  readonly page: OwnPage;
  /** Name of a session in memory; absent for the one that is stored. */
  readonly partition?: string | undefined;
}

export function createMainWindow(options: MainWindowOptions): BrowserWindow {
  const remembered = readJsonFile(options.boundsFile, boundsSchema);
  const visible =
    remembered &&
    screen.getAllDisplays().some(({ workArea }) => {
      const overlap = (a: number, b: number, c: number, d: number): boolean =>
        a < d - 80 && b > c + 80;
      return (
        overlap(
          remembered.x,
          remembered.x + remembered.width,
          workArea.x,
          workArea.x + workArea.width,
        ) &&
        overlap(
          remembered.y,
          remembered.y + remembered.height,
          workArea.y,
          workArea.y + workArea.height,
        )
      );
    });
  const window = new BrowserWindow({
    width: remembered?.width ?? 1280,
    height: remembered?.height ?? 800,
    ...(visible ? { x: remembered.x, y: remembered.y } : {}),
    minWidth: 960,
    minHeight: 600,
    title: options.title,
    backgroundColor: options.background,
    webPreferences: {
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      spellcheck: false,
      zoomFactor: options.zoom,
      ...(options.partition === undefined ? {} : { partition: options.partition }),
      navigateOnDragDrop: false,
    },
  });
  if (remembered?.maximized) window.maximize();
  // The title bar and the task bar are read by whoever passes: never the page's words.
  window.on('page-title-updated', (event) => event.preventDefault());
  window.on('close', () => {
    writeJsonFile(options.boundsFile, {
      ...window.getNormalBounds(),
      maximized: window.isMaximized(),
    });
  });
  void window.loadURL(pageUrls[options.page]);
  return window;
}

/**
 * Takes a window to the other page. The process of the one before is gone afterwards, and with it
 * every word and key in its memory.
 */
export async function showPage(window: BrowserWindow, page: OwnPage): Promise<void> {
  const { webContents } = window;
  const before = webContents.getOSProcessId();
  await webContents.loadURL(pageUrls[page]);
  // A page that has crashed had none; 0 would mean every process of the program's group.
  if (before === 0) return;
  if (webContents.getOSProcessId() === before) {
    // Chromium has put both into one process (it does when memory is short): then by force.
    const gone = new Promise<void>((resolve) => {
      webContents.once('render-process-gone', () => resolve());
    });
    webContents.forcefullyCrashRenderer();
    await gone;
    await webContents.loadURL(pageUrls[page]);
    return;
  }
  // It ends by itself, at a time of its own choice; a lock is at once.
  endProcess(before);
}
