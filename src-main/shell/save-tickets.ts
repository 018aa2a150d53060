/**
 * Places that persons chose for files: asks the policy, shows the dialog, tells the worker the path,
 * and gives the page a ticket in its stead. Writes nothing itself.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { SaveDialogOptions } from 'electron';
import { AppError } from '../domain/contract/errors';
import type { Locale } from '../domain/contract/ipc';
import { mayExport, type Policy } from '../domain/contract/policy';
import { fileEnding, type SaveFormat, type SaveOrder } from '../domain/contract/save-file';
import { saveDialogMessages } from '../domain/messages/save-dialog';

/** A place with what may be written there. */
export interface NewTicket {
  readonly id: string;
  readonly path: string;
  readonly format: SaveFormat;
  /** Only what is de-identified. */
  readonly deidentified: boolean;
  /** Only what columns mean. */
  readonly dictionary: boolean;
  /** Only this reply, if it is approved. */
  readonly replyId?: string;
}

export interface SaveTicketsOptions {
  policy(): Policy;
  locale(): Locale;
  /** Folder that the dialog begins in, unless the system remembers another. */
  folder(): string;
  /** A person chose a place: told before anything can be written there. Failing, nothing is. */
  onChosen(order: SaveOrder): Promise<void>;
  /** Tells the worker; resolves once it knows the ticket. */
  grant(ticket: NewTicket): Promise<void>;
  /** A file was written. */
  onExported(order: SaveOrder): void;
}

export class SaveTickets {
  readonly #options: SaveTicketsOptions;
  readonly #open = new Map<string, SaveOrder>();
  /** Counts the locks: what was begun before one is not finished after it. */
  #era = 0;

  constructor(options: SaveTicketsOptions) {
    this.#options = options;
  }

  /**
   * Lets a person choose a place.
   *
   * @param ask shows the system's dialog; null when a person closed it
   * @returns a ticket for the worker's `files.write`, or null when no place was chosen
   * @throws AppError `POLICY_FORBIDS` before anything is shown; `VAULT_LOCKED` if it was locked
   *   meanwhile; `WORKER_DIED`; and what telling of it throws
   */
  async issue(
    order: SaveOrder,
    ask: (options: SaveDialogOptions) => Promise<string | null>,
  ): Promise<string | null> {
    if (!mayExport(this.#options.policy(), order)) throw new AppError('POLICY_FORBIDS');
    const era = this.#era;
    const path = await ask(this.#dialogFor(order));
    if (era !== this.#era) throw new AppError('VAULT_LOCKED');
    if (path === null) return null;
    const id = randomUUID();
    const { format, deidentified, dictionary = false, replyId } = order;
    if (!dictionary) await this.#options.onChosen(order);
    await this.#options.grant({
      ...{ id, path, format, deidentified, dictionary },
      ...(replyId === undefined ? {} : { replyId }),
    });
    if (era !== this.#era) throw new AppError('VAULT_LOCKED');
    this.#open.set(id, order);
    return id;
  }

  /**
   * The worker has written the file of a ticket.
   *
   * @param records that are in it, where the worker has counted them
   */
  written(id: string, records?: number): void {
    const order = this.#open.get(id);
    if (!order) return;
    this.#open.delete(id);
    if (!order.dictionary) this.#options.onExported({ ...order, count: records ?? order.count });
  }

  /** At a lock: no ticket is good any more, and no open dialog will give one. */
  drop(): void {
    this.#era += 1;
    this.#open.clear();
  }

  #dialogFor(order: SaveOrder): SaveDialogOptions {
    const { format, deidentified, dictionary, schemaId, studyId, evaluation, replyId, pairs } =
      order;
    const texts = saveDialogMessages[this.#options.locale()];
    const stamp = stampOf(new Date());
    const stem =
      schemaId !== undefined
        ? texts.schemaName(stamp)
        : studyId !== undefined
          ? texts.methodsName(stamp)
          : evaluation
            ? texts.evaluationName(stamp)
            : replyId !== undefined
              ? texts.replyName(stamp)
              : pairs !== undefined
                ? texts.pairsName(stamp, pairs)
                : format === 'txt'
                  ? texts.name(stamp, deidentified)
                  : dictionary
                    ? texts.dictionaryName(stamp)
                    : texts.factsName(stamp, deidentified);
    const name = `${stem}${format === 'fhir' ? '.fhir' : ''}.${fileEnding(format)}`;
    return {
      ...(dictionary ? { title: texts.dictionaryTitle } : {}),
      defaultPath: join(this.#options.folder(), name),
      filters: [{ name: texts.format[format], extensions: [fileEnding(format)] }],
      // Lists of recent files are shown to everybody who uses this desktop.
      properties: ['createDirectory', 'showOverwriteConfirmation', 'dontAddToRecent'],
    };
  }
}

/** 20260704-0912, local time. */
function stampOf(now: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${day}-${two(now.getHours())}${two(now.getMinutes())}`;
}
