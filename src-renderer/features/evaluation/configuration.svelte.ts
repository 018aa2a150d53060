/** One way of extracting, as a person sets it up to be measured. */
import type { Configuration } from '@domain/contract/evaluation';
import type { Approach } from '@domain/contract/extraction';
import type { LibraryModel } from '@domain/contract/library';

export type StrategyKind = NonNullable<Approach['strategy']>;

export class ConfigurationDraft {
  modelId = $state<string | null>(null);
  /** Null for the first one of the model's card. */
  strategy = $state<StrategyKind | null>(null);
  /** Null for what the model's card says. */
  windowChars = $state<number | null>(null);

  /** As it is asked for; what is as the card says is left out. */
  of({ card }: LibraryModel): Configuration {
    const approach: Approach = {
      ...(this.strategy === null ? {} : { strategy: this.strategy }),
      ...(this.windowChars === null ? {} : { windowChars: this.windowChars }),
    };
    return {
      model: { name: card.name, sha256: card.sha256 },
      ...(Object.keys(approach).length === 0 ? {} : { approach }),
    };
  }
}
