import { describe, expect, it } from 'vitest';
import { guardsOf, hasOpenOrder } from './draft-guards';

const kinds = (text: string, hasRecord = false) =>
  guardsOf(text, { hasRecord }).map(({ kind, start, end }) => `${kind}:${text.slice(start, end)}`);

describe('what a draft may not say by itself', () => {
  it.each([
    ['您这就是胃溃疡。', ['certain-diagnosis:您这就是胃溃疡']],
    ['可以确诊为糖尿病', ['certain-diagnosis:可以确诊为糖尿病']],
    ['您得了肺炎', ['certain-diagnosis:您得了肺炎']],
    ['诊断明确：2型糖尿病。', ['certain-diagnosis:诊断明确：2型糖尿病']],
    ['您的病是冠心病', ['certain-diagnosis:您的病是冠心病']],
    ['这是典型的肺炎', ['certain-diagnosis:这是典型的肺炎']],
    ['一定是心梗引起的', ['certain-diagnosis:一定是心梗']],
    ['考虑到您的症状，您就是胃溃疡', ['certain-diagnosis:您就是胃溃疡']],
    ['放心吧，会好的', ['promise-of-cure:放心吧，会好的']],
    ['一周就能好', ['promise-of-cure:一周就能好']],
    [
      '没什么大碍，在家观察即可',
      ['no-need-to-see-doctor:没什么大碍', 'no-need-to-see-doctor:在家观察即可'],
    ],
    ['别去医院了', ['no-need-to-see-doctor:别去医院']],
    ['目前无须就医', ['no-need-to-see-doctor:无须就医']],
    ['我们保证治好', ['promise-of-cure:保证治好']],
    ['这个方法没有任何副作用', ['promise-of-cure:没有任何副作用']],
    ['手术后不会再复发', ['promise-of-cure:不会再复发']],
    ['这种情况不用去医院', ['no-need-to-see-doctor:不用去医院']],
    [
      '目前无需就诊，观察即可',
      ['no-need-to-see-doctor:无需就诊', 'no-need-to-see-doctor:观察即可'],
    ],
    ['请联系王建国，电话13812345678', ['personal-data:王建国', 'personal-data:13812345678']],
    ['【用药请由医师填写】，多休息', ['medication-order:【用药请由医师填写】']],
  ])('%s', (text, expected) => {
    expect(kinds(text)).toEqual(expected);
  });

  it.each([
    '可能是胃炎，需要做胃镜才能确诊胃溃疡。',
    '单凭描述不能确诊是肺炎。',
    '是否就是胃炎要看检查。',
    '任何治疗都不能保证治愈。',
    '如果三天不好，请到医院就诊。',
    '请3月5日上午来心内科门诊复查。',
    '多喝水，注意休息。',
  ])('%s says nothing of the kind', (text) => {
    expect(kinds(text)).toEqual([]);
  });

  it('a diagnosis that a linked record may hold is for the doctor to compare', () => {
    expect(kinds('您这就是胃溃疡。', true)).toEqual([]);
  });

  it('an order that nobody has typed yet is open', () => {
    expect(hasOpenOrder('请【用药请由医师填写】')).toBe(true);
    for (const left of ['【用药请由医师】', '用药请由医师填写', '用药请由医师填写】'])
      expect(hasOpenOrder(`请${left}。`)).toBe(true);
    expect(hasOpenOrder('请按医嘱服药')).toBe(false);
  });
});
