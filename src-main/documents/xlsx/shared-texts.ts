/** The texts that a workbook's cells share, kept as bytes: a hundred thousand records fit. */
import { AppError } from '../../domain/contract/errors';
import type { BoundedZip } from '../zip/bounded-zip';
import { readPart } from './read-xml';

const blockBytes = 4 * 1024 * 1024;
/** Bytes of all texts together; beside them everything else of the document has to fit. */
const maxBytes = 600_000_000;
/** Bytes of the part, unpacked. */
const partLimit = 1_000_000_000;

/** Appends texts, gives them back by number. They lie outside of the heap. */
export class SharedTexts {
  readonly #blocks: Buffer[] = [];
  /** For each text: its block, where it begins, and its bytes. */
  readonly #places: number[] = [];
  #free = 0;
  #total = 0;

  get count(): number {
    return this.#places.length / 3;
  }

  add(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.#total += bytes;
    if (this.#total > maxBytes)
      throw new AppError('DOCUMENT_TOO_COMPLEX', { params: { why: 'memory' } });
    if (bytes > this.#free) {
      this.#blocks.push(Buffer.allocUnsafeSlow(Math.max(blockBytes, bytes)));
      this.#free = Math.max(blockBytes, bytes);
    }
    const block = this.#blocks.length - 1;
    const target = this.#blocks[block];
    const at = target ? target.length - this.#free : 0;
    target?.write(text, at);
    this.#free -= bytes;
    this.#places.push(block, at, bytes);
  }

  /** Undefined where there is no such number. */
  get(index: number): string | undefined {
    const [block, at, bytes] = this.#places.slice(index * 3, index * 3 + 3);
    if (block === undefined || at === undefined || bytes === undefined) return undefined;
    return this.#blocks[block]?.toString('utf8', at, at + bytes) ?? '';
  }
}

export async function readSharedTexts(zip: BoundedZip, part: string): Promise<SharedTexts> {
  const texts = new SharedTexts();
  const reader = new RichText();
  await readPart(
    zip,
    part,
    {
      open: (tag) => {
        if (tag === 'si') reader.clear();
        reader.open(tag);
      },
      close: (tag) => {
        reader.close(tag);
        if (tag === 'si') texts.add(reader.value());
      },
      text: (piece) => reader.text(piece),
    },
    partLimit,
  );
  return texts;
}

/** A text of several runs, without the readings that Japanese files put beside it. */
export class RichText {
  #pieces: string[] = [];
  #inText = false;
  #inReading = false;

  clear(): void {
    this.#pieces = [];
    this.#inText = this.#inReading = false;
  }

  open(tag: string): void {
    if (tag === 't') this.#inText = true;
    else if (tag === 'rPh') this.#inReading = true;
  }

  close(tag: string): void {
    if (tag === 't') this.#inText = false;
    else if (tag === 'rPh') this.#inReading = false;
  }

  text(piece: string): void {
    if (this.#inText && !this.#inReading) this.#pieces.push(piece);
  }

  value(): string {
    return unescapeControls(this.#pieces.join(''));
  }
}

/** Excel writes what XML cannot hold as `_x000D_`. */
export function unescapeControls(text: string): string {
  if (!text.includes('_x')) return text;
  return text
    .replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .replace(/\r\n?/g, '\n');
}
