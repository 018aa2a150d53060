/** A model card for tests. */
import {
  type MarkedCopyStrategy,
  type ModelCard,
  type StrategyCard,
  type TypedListStrategy,
} from '../../domain/contract/model-card';
import { annotationSchema } from '../../domain/contract/annotation-schema';

const types = annotationSchema('ccks2019-symptom').types.map(({ id }) => id);

export const markedCopyCard: MarkedCopyStrategy = {
  kind: 'marked-copy',
  instruction: '病历标注',
  normalisation: 'nfkc-lower',
  windowChars: 120,
  marksAre: 'characters',
  open: Object.fromEntries(types.map((type, i) => [type, '①②③④⑤⑥⑦'[i] as string])),
  close: '〕',
};

/** Marks after a closed mention say more of it. */
export const attributedCard: MarkedCopyStrategy = {
  ...markedCopyCard,
  attributes: [
    { attribute: 'negated', mark: '否' },
    { attribute: 'uncertain', mark: '疑' },
    { attribute: 'historical', mark: '往' },
    { attribute: 'family', mark: '亲' },
  ],
};

export const typedListCard: TypedListStrategy = {
  kind: 'typed-list',
  instruction: '抽取{types}',
  normalisation: 'none',
  windowChars: 200,
};

export function cardWith(strategy: StrategyCard): ModelCard {
  return {
    card: 1,
    id: 'test',
    name: 'test',
    standing: 'test',
    description: { 'zh-CN': '', en: '' },
    source: '',
    licence: '',
    sha256: '0'.repeat(64),
    fileSize: 1,
    shape: {
      architecture: 'llama',
      parameters: 1,
      blocks: 1,
      embedding: 1,
      heads: 1,
      kvHeads: 1,
      feedForward: 1,
      vocabulary: 1,
      quantization: 'F16',
    },
    context: 512,
    promptFormat: {
      id: 'chimed-readme',
      bos: true,
      parts: [
        { text: '[human]:' },
        { slot: 'instruction' },
        { text: '\n' },
        { slot: 'input' },
        { text: '\n[bot]:' },
      ],
    },
    strategies: [strategy],
    capabilities: {
      schemas: ['ccks2019', 'ccks2019-symptom'],
      attributes: [],
      tasks: ['extraction'],
    },
  };
}
