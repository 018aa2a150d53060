/** Language and theme on the document, where style sheets and screen readers look for them. */
import { messagesFor } from '@domain/messages';
import type { SettingsTarget } from './settings.svelte';

export function documentTarget(document: Document): SettingsTarget {
  return {
    apply({ locale, theme }) {
      const root = document.documentElement;
      root.lang = locale;
      if (theme === 'system') delete root.dataset['theme'];
      else root.dataset['theme'] = theme;
      document.title = messagesFor(locale).app.name;
    },
  };
}
