// An Electron without any of our refusals: what the proof must be able to see. Run only in a namespace.
import { app, BrowserWindow } from 'electron';

app.whenReady().then(() => new BrowserWindow().loadURL('data:text/html,<p>hostile</p>'));
