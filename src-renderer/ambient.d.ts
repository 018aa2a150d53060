import type { Bridge } from '@domain/contract/ipc';

declare global {
  interface Window {
    /** Put there by the preload; the page's only way to the rest of the program. */
    readonly chimed: Bridge;
  }
}
