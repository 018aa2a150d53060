import { describe, expect, it } from 'vitest';
import type { Fact } from '../contract/fact';
import { attributesByRule } from './negation';
import { findSections } from './sections';

/** The finding stands in 〈〉. */
function said(marked: string): Fact['attributes'] {
  const start = marked.indexOf('〈');
  const text = marked.replace(/[〈〉]/g, '');
  const end = marked.indexOf('〉') - 1;
  return attributesByRule(text, { start, end }, findSections(text));
}

describe.each<[string, Fact['attributes'], string[]]>([
  [
    'affirmed',
    {},
    [
      '患者〈头痛〉3天。',
      '无明显诱因出现〈胸痛〉。',
      '无发热，有〈咳嗽〉。',
      '无发热，但〈头晕〉明显。',
      '〈非小细胞肺癌〉。',
      '未婚，〈头痛〉。',
      '行CT检查示〈肺癌〉。',
      '无头晕。〈恶心〉1天。',
      '现病史：患者〈腹痛〉2天。',
      '考虑到病情，予〈呋塞米〉。',
    ],
  ],
  [
    'negated',
    { negated: true },
    [
      '否认〈高血压〉。',
      '无〈发热〉。',
      '无发热、〈咳嗽〉。',
      '无发热、咳嗽及〈咳痰〉。',
      '否认高血压、糖尿病，〈冠心病〉等。',
      '未见〈转移〉。',
      '肝脾未触及〈肿大〉。',
      '〈巴氏征〉阴性。',
      '〈Murphy征〉（-）。',
      '腹软，无〈压痛〉、反跳痛。',
      '排除〈肺栓塞〉。',
    ],
  ],
  [
    'uncertain',
    { uncertain: true },
    [
      '考虑〈肺炎〉。',
      '可疑〈骨折〉。',
      '〈肺栓塞〉？',
      '〈肺癌〉待排。',
      '〈结核〉不除外。',
      '不排除〈肿瘤〉。',
      '疑似〈脑梗死〉。',
      '〈转移〉可能。',
    ],
  ],
  [
    'historical',
    { historical: true },
    [
      '既往〈高血压〉10年。',
      '曾患〈肺结核〉。',
      '3年前因〈胃癌〉手术。',
      '〈高血压〉病史10年。',
      '既往史：〈糖尿病〉8年。',
    ],
  ],
  [
    'a relative',
    { experiencer: 'family' },
    ['其父患〈肺癌〉。', '母亲有〈糖尿病〉。', '家族史：〈高血压〉。', '家族中有〈乳腺癌〉。'],
  ],
  ['another person', { experiencer: 'other' }, ['同事患〈流感〉。']],
  [
    'denied of the family',
    { negated: true, experiencer: 'family' },
    ['家族史：否认〈遗传病〉。', '否认家族〈遗传病〉。'],
  ],
  [
    'denied of the past',
    { negated: true, historical: true },
    ['既往史：否认〈肝炎〉。', '否认〈结核〉病史。'],
  ],
])('%s', (_name, attributes, sentences) => {
  it.each(sentences)('%s', (sentence) => {
    expect(said(sentence)).toEqual(attributes);
  });
});
