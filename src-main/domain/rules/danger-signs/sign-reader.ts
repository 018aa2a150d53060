/** Danger signs of texts that are read again and again while one of them is typed. */
import { questionsIn, sentencesIn } from './doctor-questions';
import { findDangerSigns } from './find-danger-signs';

/** Remembers what it read in the latest reading, and nothing else: texts are a patient's words. */
class Memory<T> {
  readonly #readAnew: (text: string) => T;
  #known: ReadonlyMap<string, T> = new Map();
  #read = new Map<string, T>();

  constructor(readAnew: (text: string) => T) {
    this.#readAnew = readAnew;
  }

  readonly of = (text: string): T => {
    const known = this.#read.get(text) ?? this.#known.get(text) ?? this.#readAnew(text);
    this.#read.set(text, known);
    return known;
  };

  end(): void {
    this.#known = this.#read;
    this.#read = new Map();
  }
}

export class SignReader {
  readonly #signs = new Memory(findDangerSigns);
  readonly #sentences = new Memory(sentencesIn);
  readonly #questions = new Memory(questionsIn);

  /** As `findDangerSigns`. */
  readonly find = this.#signs.of;
  /** As `sentencesIn`. */
  readonly sentences = this.#sentences.of;
  /** As `questionsIn`. */
  readonly questions = this.#questions.of;

  /** Ends a reading: what was not asked for in it is forgotten. */
  end(): void {
    this.#signs.end();
    this.#sentences.end();
    this.#questions.end();
  }
}
