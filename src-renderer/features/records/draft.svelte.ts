/** The new record being written. It outlives its dialog: closing by mistake loses nothing. */
import type { Problem } from '@domain/contract/errors';

export class RecordDraft {
  open = $state(false);
  title = $state('');
  text = $state('');
  saving = $state(false);
  problem = $state.raw<Problem | null>(null);

  /** Opens the dialog; an empty draft gets a title from the clock, never from clinical text. */
  show(defaultTitle: string): void {
    if (this.text === '') this.title = defaultTitle;
    this.problem = null;
    this.open = true;
  }

  clear(): void {
    this.text = '';
    this.problem = null;
  }
}
