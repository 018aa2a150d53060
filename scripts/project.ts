import { resolve } from 'node:path';

/** The checkout's root: every script works from here, wherever it was started. */
export const projectRoot = resolve(import.meta.dirname, '..');
