/** Places for files that main has announced, by their one-time tickets. They end with this process, at a lock. */
import { AppError } from '../domain/contract/errors';
import { ticketLifeMs, type SaveFormat } from '../domain/contract/save-file';

export interface TicketPlace {
  readonly path: string;
  readonly format: SaveFormat;
  /** Only what is de-identified may be written there. */
  readonly deidentified: boolean;
  /** Only what columns mean may be written there. */
  readonly dictionary: boolean;
  /** Only this reply, if it is approved, may be written there. */
  readonly replyId?: string | undefined;
}

export class WriteTickets {
  readonly #now: () => number;
  readonly #places = new Map<string, TicketPlace & { readonly until: number }>();

  /** @param now milliseconds of a clock that nobody sets back. Defaults to that of this process */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  grant(id: string, place: TicketPlace): void {
    for (const [old, { until }] of this.#places) if (until < this.#now()) this.#places.delete(old);
    this.#places.set(id, { ...place, until: this.#now() + ticketLifeMs });
  }

  /** The place, once. @throws AppError `SAVE_EXPIRED` for a ticket that is used, old, or was never given */
  redeem(id: string): TicketPlace {
    const place = this.#places.get(id);
    this.#places.delete(id);
    if (!place || place.until < this.#now()) throw new AppError('SAVE_EXPIRED');
    return place;
  }
}
