/** A thread of the page that looks for identifiers: seconds for a long text, in which the page goes on. */
import { findIdentifiers } from '@domain/rules/deidentify/find-identifiers';

addEventListener('message', ({ data }: MessageEvent<string>) => {
  postMessage(findIdentifiers(data));
});
