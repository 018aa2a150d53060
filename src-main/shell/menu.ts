/** The application menu, in the language of the interface. */
import { Menu, type BrowserWindow, type MenuItemConstructorOptions } from 'electron';
import type { Locale, PushPayload } from '../domain/contract/ipc';
import { menuMessages } from '../domain/messages/menu';

export function installMenu(
  locale: Locale,
  command: (window: BrowserWindow | null, name: PushPayload<'menu.command'>) => void,
  development: boolean,
): void {
  const text = menuMessages[locale];
  const item = (
    label: string,
    name: PushPayload<'menu.command'>,
    accelerator?: string,
  ): MenuItemConstructorOptions => ({
    label,
    ...(accelerator ? { accelerator, registerAccelerator: false } : {}),
    click: (_item, window) => command((window as BrowserWindow | undefined) ?? null, name),
  });
  const template: MenuItemConstructorOptions[] = [
    {
      label: text.file,
      submenu: [
        item(text.newRecord, 'record.new', 'CmdOrCtrl+N'),
        item(text.openFile, 'record.open', 'CmdOrCtrl+O'),
        { type: 'separator' },
        { role: 'quit', label: text.quit },
      ],
    },
    {
      label: text.edit,
      submenu: [
        { role: 'undo', label: text.undo },
        { role: 'redo', label: text.redo },
        { type: 'separator' },
        { role: 'cut', label: text.cut },
        { role: 'copy', label: text.copy },
        { role: 'paste', label: text.paste },
        { role: 'selectAll', label: text.selectAll },
      ],
    },
    {
      label: text.view,
      submenu: [
        item(text.runExtraction, 'extraction.run', 'CmdOrCtrl+Enter'),
        { type: 'separator' },
        { role: 'togglefullscreen', label: text.fullScreen },
        ...(development ? [{ role: 'toggleDevTools' as const, label: text.developerTools }] : []),
      ],
    },
    { label: text.help, submenu: [item(text.shortcuts, 'help.shortcuts', 'F1')] },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
