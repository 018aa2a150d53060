/** The chosen language: texts and formats that switch live. */
import type { Locale } from '@domain/contract/ipc';
import { formatterFor, messagesFor } from '@domain/messages';

class I18n {
  #locale = $state<Locale>('zh-CN');
  readonly m = $derived(messagesFor(this.#locale));
  readonly format = $derived(formatterFor(this.#locale));

  get locale(): Locale {
    return this.#locale;
  }

  set locale(value: Locale) {
    this.#locale = value;
  }
}

export const i18n = new I18n();
