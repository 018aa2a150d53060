/** Who says of a fact whether it is negated, uncertain, historical, or not the patient's. */
import type { AnnotationSchema, FactAttribute } from '../../domain/contract/annotation-schema';
import type { Fact } from '../../domain/contract/fact';
import type { ModelCard, StrategyCard } from '../../domain/contract/model-card';

export interface AttributePlan {
  /** The model, in its answer. */
  readonly byModel: readonly FactAttribute[];
  /** `domain/rules/negation`, where the schema asks for what the model cannot state. */
  readonly byRule: readonly FactAttribute[];
  /** Of what the rules say, the part that is asked of them. */
  only(said: Fact['attributes']): Fact['attributes'];
}

export function attributePlan(
  card: ModelCard,
  strategy: StrategyCard,
  schema: AnnotationSchema,
): AttributePlan {
  const able = new Set<FactAttribute>(
    strategy.kind === 'marked-copy'
      ? (strategy.attributes ?? []).map(({ attribute }) =>
          attribute === 'family' ? 'experiencer' : attribute,
        )
      : card.capabilities.attributes,
  );
  const byRule = schema.attributes.filter((attribute) => !able.has(attribute));
  return {
    byModel: schema.attributes.filter((attribute) => able.has(attribute)),
    byRule,
    only: (said) =>
      Object.fromEntries(
        Object.entries(said).filter(([name]) => byRule.some((attribute) => attribute === name)),
      ),
  };
}
