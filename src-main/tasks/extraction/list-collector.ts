/** What a typed list has said so far, as mentions and quotations with their places in the source text. */
import type { Fact } from '../../domain/contract/fact';
import { fieldOf, optionValue, type Entry } from '../../domain/rules/typed-list/answer-form';
import type { Quoted, Said } from './list-grammar';
import type { CharMention, QuotedField } from './strategy';
import type { Place, WindowText } from './window-text';
import type { Window } from './windows';

interface Cell {
  readonly cell: number;
  readonly value: Quoted;
  readonly logP: number;
}

export class ListCollector {
  readonly #text: WindowText;
  readonly #window: Window;
  readonly #emit: (mention: CharMention) => void;
  /** Places already given out, so that a value listed twice gets its second place. */
  readonly #taken = new Set<string>();
  #entry: Entry | null = null;
  #labelLogP = 0;
  /** Log-probability since the last thing that was said. */
  #logP = 0;
  #cells: Cell[] = [];
  #stated: Fact['attributes'] = {};
  /** Items of groups in this window. */
  #items = 0;

  constructor(text: WindowText, window: Window, emit: (mention: CharMention) => void) {
    this.#text = text;
    this.#window = window;
    this.#emit = emit;
  }

  /** @param logP of the token that completed all this */
  follow(said: readonly Said[], logP: number): void {
    this.#logP += logP;
    for (const one of said) {
      switch (one.kind) {
        case 'label':
          this.#entry = one.entry;
          this.#labelLogP = this.#logP;
          break;
        case 'quoted':
          this.#cells.push({ cell: one.cell, value: one.value, logP: this.#logP });
          break;
        case 'empty':
          break;
        case 'flags':
          this.#stated = one.attributes;
          break;
        case 'item':
          this.#itemDone(this.#entry as Entry);
          break;
        default:
          one satisfies never;
      }
      this.#logP = 0;
    }
  }

  #itemDone(entry: Entry): void {
    const cells = this.#cells;
    const stated = this.#stated;
    this.#cells = [];
    this.#stated = {};
    if (cells.length === 0) return;
    const group = entry.kind === 'group' ? { group: { name: entry.id, item: this.#items++ } } : {};
    let near = 0;
    cells.forEach(({ cell, value, logP }, nth) => {
      const place =
        entry.kind === 'mention' || (entry.kind === 'group' && nth === 0)
          ? this.#free(`${entry.id}:${cell}`, value.places)
          : nearest(value.places, near);
      // A mention listed more often than it stands in the text: nothing new is said.
      if (!place && entry.kind === 'mention') return;
      const { begins, at } = place ?? (value.places[0] as Place);
      near = begins;
      const field = fieldOf(entry, cell);
      const option = value.option === undefined ? {} : { option: optionValue(field, value.option) };
      const quoted: { field?: QuotedField } = field
        ? { field: { definition: field, ...option, ...group } }
        : {};
      this.#emit({
        type: field?.id ?? entry.id,
        start: this.#window.start + begins,
        end: this.#window.start + this.#text.trimmedEnd({ begins, at }),
        confidence: Math.exp(this.#labelLogP + logP),
        stated,
        ...quoted,
      });
    });
  }

  #free(name: string, places: readonly Place[]): Place | null {
    const key = ({ begins, at }: Place): string => `${name}:${begins}:${at}`;
    const free = places.find((place) => !this.#taken.has(key(place)));
    if (!free) return null;
    this.#taken.add(key(free));
    return free;
  }
}

/** Members of one item stand together: the first place behind the member before, else the first. */
function nearest(places: readonly Place[], after: number): Place | null {
  return places.find(({ begins }) => begins >= after) ?? places[0] ?? null;
}
