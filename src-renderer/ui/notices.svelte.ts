/** What the program tells the person: passing toasts, and errors that stay until dismissed. */
import { problemOf, type Problem } from '@domain/contract/errors';

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly undo: (() => void) | undefined;
}

export interface ErrorNotice {
  readonly id: number;
  readonly problem: Problem;
  /** What failed, for example a file's name. */
  readonly context: string | undefined;
}

/** Milliseconds that a toast stays; with an undo, long enough to notice and reach it. */
const toastTime = 5_000;
const undoTime = 15_000;

export class Notices {
  #toasts = $state.raw<readonly Toast[]>([]);
  #errors = $state.raw<readonly ErrorNotice[]>([]);
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- bookkeeping that is never shown
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  #nextId = 1;

  get toasts(): readonly Toast[] {
    return this.#toasts;
  }

  get errors(): readonly ErrorNotice[] {
    return this.#errors;
  }

  /**
   * Shows a toast in the place of the last one, so that they never pile up over the record; one
   * that offers an undo gives way only to the next undo.
   *
   * @returns its id
   */
  toast(text: string, undo?: () => void): number {
    const id = this.#nextId++;
    for (const toast of this.#toasts) if (!toast.undo || undo) this.closeToast(toast.id);
    this.#toasts = [...this.#toasts, { id, text, undo }];
    this.release(id, undo ? undoTime : toastTime);
    return id;
  }

  /** Keeps a toast while the pointer or the focus is on it. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
  }

  release(id: number, time = toastTime): void {
    this.hold(id);
    this.#timers.set(
      id,
      setTimeout(() => this.closeToast(id), time),
    );
  }

  /** What it offers was done by another way, such as a key. */
  closeUndo(): void {
    for (const { id, undo } of this.#toasts) if (undo) this.closeToast(id);
  }

  closeToast(id: number): void {
    this.hold(id);
    this.#timers.delete(id);
    this.#toasts = this.#toasts.filter((toast) => toast.id !== id);
  }

  error(error: unknown, context?: string): void {
    this.problem(problemOf(error), context);
  }

  /** Shows a problem once; the same one about the same thing does not pile up. */
  problem(problem: Problem, context?: string): void {
    const others = this.#errors.filter(
      (notice) => notice.problem.code !== problem.code || notice.context !== context,
    );
    this.#errors = [...others, { id: this.#nextId++, problem, context }];
  }

  dismiss(id: number): void {
    this.#errors = this.#errors.filter((notice) => notice.id !== id);
  }
}
