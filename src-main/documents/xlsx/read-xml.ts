/** Parts of a workbook through the XML scanner. */
import { AppError } from '../../domain/contract/errors';
import type { BoundedZip } from '../zip/bounded-zip';
import { XmlScanner, type XmlHandler } from './xml-scanner';

/** UTF-8, or UTF-16 where it begins with a byte order mark; nothing else is written by any program. */
export class XmlDecoder {
  #decoder: InstanceType<typeof TextDecoder> | null = null;

  /** @throws AppError `DOCUMENT_DAMAGED` */
  decode(piece: Uint8Array, isLast = false): string {
    this.#decoder ??= new TextDecoder(encodingOf(piece), { fatal: true });
    try {
      return this.#decoder.decode(piece, { stream: !isLast });
    } catch (cause) {
      throw new AppError('DOCUMENT_DAMAGED', { cause });
    }
  }
}

function encodingOf(start: Uint8Array): string {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  return start[0] === 0xfe && start[1] === 0xff ? 'utf-16be' : 'utf-8';
}

/**
 * Feeds a part to a handler as it is unpacked; after each piece whoever iterates may take what the handler
 * has got by then.
 * @param limit bytes, unpacked
 * @returns bytes unpacked so far
 */
export async function* scanPart(
  zip: BoundedZip,
  name: string,
  handler: XmlHandler,
  limit: number,
): AsyncGenerator<number> {
  const decoder = new XmlDecoder();
  const scanner = new XmlScanner(handler);
  let done = 0;
  for await (const piece of zip.stream(name, limit)) {
    scanner.feed(decoder.decode(piece));
    done += piece.length;
    yield done;
  }
  scanner.feed(decoder.decode(new Uint8Array(0), true));
  scanner.end();
  yield done;
}

/** The whole part at once. */
export async function readPart(
  zip: BoundedZip,
  name: string,
  handler: XmlHandler,
  limit: number,
): Promise<void> {
  const pieces = scanPart(zip, name, handler, limit);
  while (!(await pieces.next()).done);
}
