/** Where an exported file goes, piece by piece; a full buffer further on holds the writer up. */

export interface ByteSink {
  /** Resolves once more may come. @throws AppError `DISK_FULL`, `OUTPUT_UNWRITABLE` */
  write(bytes: Uint8Array): Promise<void>;
}

/** UTF-16 units that are gathered before they are encoded. */
const pieceChars = 65_536;

/** Text in small pieces, handed on as UTF-8 in larger ones. Lone surrogates become U+FFFD. */
export class TextPieces {
  readonly #sink: ByteSink;
  #held: string[] = [];
  #chars = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  async write(text: string): Promise<void> {
    this.#held.push(text);
    this.#chars += text.length;
    if (this.#chars >= pieceChars) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#chars === 0) return;
    const bytes = Buffer.from(this.#held.join(''), 'utf-8');
    this.#held = [];
    this.#chars = 0;
    await this.#sink.write(bytes);
  }
}
