/** Danger signs of texts that are read again and again while one of them is typed. */
import { findDangerSigns, type DangerSign } from './find-danger-signs';

/** Remembers the texts of the latest reading, and no others: they are a patient's words. */
export class SignReader {
  #known: ReadonlyMap<string, readonly DangerSign[]> = new Map();
  #read = new Map<string, readonly DangerSign[]>();

  /** As `findDangerSigns`. */
  readonly find = (text: string): readonly DangerSign[] => {
    const signs = this.#read.get(text) ?? this.#known.get(text) ?? findDangerSigns(text);
    this.#read.set(text, signs);
    return signs;
  };

  /** Ends a reading: what was not asked for in it is forgotten. */
  end(): void {
    this.#known = this.#read;
    this.#read = new Map();
  }
}
