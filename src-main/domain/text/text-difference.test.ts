import { describe, expect, it } from 'vitest';
import { ownParts, textDifference } from './text-difference';

const shown = (before: string, after: string): string =>
  textDifference(before, after)
    .map(({ kind, text }) =>
      kind === 'same' ? text : kind === 'added' ? `+${text}+` : `-${text}-`,
    )
    .join('');

describe('the difference of two texts', () => {
  it('shows what went and what came, and nothing else', () => {
    expect(shown('多喝水，三天后复诊。', '多喝温水，两天后来院复诊。')).toBe(
      '多喝+温+水，-三-+两+天后+来院+复诊。',
    );
    expect(shown('', '新')).toBe('+新+');
    expect(shown('旧', '')).toBe('-旧-');
    expect(shown('一样', '一样')).toBe('一样');
    expect(shown('', '')).toBe('');
  });

  it('of sentences that were written anew is one exchange, not what they share by chance', () => {
    const before = '您好，先不要着急，多喝温水。体温高时物理降温。加重随时来医院。';
    const after = '您好，请马上带孩子来急诊，路上让孩子侧卧，不要喂水。';
    const kinds = textDifference(before, after).map(({ kind }) => kind);
    expect(kinds).toEqual(['same', 'removed', 'added', 'same']);
    expect(shown('每天两次，饭后服用', '每天三次，饭前服用')).toBe(
      '每天-两-+三+次，饭-后-+前+服用',
    );
  });

  it('a placeholder that was filled in went as a whole, whatever it shares with the words', () => {
    expect(shown('多喝水。【用药请由医师填写】。', '多喝水。退热药按说明书。')).toBe(
      '多喝水。-【用药请由医师填写】-+退热药按说明书+。',
    );
  });

  it('its parts make up both texts, also where characters take two units or nothing is shared', () => {
    const texts = [
      '😀头痛😀三天',
      '头痛。三天😀',
      'abcabba',
      'cbabac',
      '甲'.repeat(50),
      '【甲】【',
      '',
    ];
    for (const before of texts)
      for (const after of texts) {
        const parts = textDifference(before, after);
        const without = (kind: string): string =>
          parts.flatMap((part) => (part.kind === kind ? [] : [part.text])).join('');
        expect([without('added'), without('removed')]).toEqual([before, after]);
      }
  });

  it('two long texts that share nothing are one exchange', () => {
    const parts = textDifference('甲'.repeat(5_000), '乙'.repeat(5_000));
    expect(parts.map(({ kind }) => kind)).toEqual(['removed', 'added']);
  });
});

describe('what a draft alone says', () => {
  const own = (text: string, others: string[]): string[] =>
    ownParts(text, others).flatMap((part) => (part.isOwn ? [part.text] : []));

  it('is a clause that no other has, whatever marks end it', () => {
    const text = '请多休息，避免受凉。明天来复查';
    expect(own(text, ['请多休息；。'])).toEqual(['避免受凉。', '明天来复查']);
    expect(own(text, ['请多休息，', '避免受凉，三周后门诊见'])).toEqual(['明天来复查']);
    expect(own(text, [])).toEqual([]);
    const whole = ownParts(text, ['避免着凉。明天再来复查！']).map((part) => part.text);
    expect(whole.join('')).toBe(text);
  });

  it('is no more than the characters that differ, where another says it nearly so', () => {
    expect(own('三天后到门诊复查血常规。', ['三周后到门诊复查血常规，'])).toEqual(['天']);
    expect(own('您现在没有明显胸痛。', ['您现在有明显胸痛。'])).toEqual(['没']);
  });

  it('is a whole clause where another says more, so that nothing that is missing is passed over', () => {
    expect(own('您现在有明显胸痛。', ['您现在没有明显胸痛。'])).toEqual(['您现在有明显胸痛。']);
  });
});
