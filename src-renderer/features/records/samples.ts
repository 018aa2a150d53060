/** The synthetic sample records of the program, bundled at build time. */
import type { Locale } from '@domain/contract/ipc';
import index from '../../../resources/samples/index.json';

const texts = import.meta.glob<string>('../../../resources/samples/*.txt', {
  query: '?raw',
  import: 'default',
  eager: true,
});

export interface Sample {
  readonly title: string;
  readonly text: string;
}

/** The first sample of the index, or null in a build without samples. */
export function firstSample(locale: Locale): Sample | null {
  const [first] = index.samples;
  const text = first && texts[`../../../resources/samples/${first.file}`];
  return first && text !== undefined ? { title: first.title[locale], text } : null;
}
