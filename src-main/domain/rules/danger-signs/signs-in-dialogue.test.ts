import { describe, expect, it } from 'vitest';
import type { Turn } from '../../contract/dialogue';
import { labelledDialogues, type LabelledDialogue } from './dialogues.fixture';
import { findDangerSigns } from './find-danger-signs';
import { labelledSentences } from './labelled.fixture';
import { signsInDialogue } from './signs-in-dialogue';

const said = (...lines: readonly string[]): Turn[] =>
  lines.map((line) => ({
    role: line.startsWith('医') ? 'doctor' : 'patient',
    text: line.slice(2),
  }));

/** Each sign with all its words, as they stand in the turns. */
const signsAndWords = (turns: readonly Turn[]): string[][] =>
  signsInDialogue(turns).map((sign) => [
    sign.signId,
    ...[...(sign.parts ?? []), sign].map(({ turn, start, end }) =>
      (turns[turn]?.text ?? '').slice(start, end),
    ),
  ]);

function failures(dialogues: readonly LabelledDialogue[], find = signsInDialogue) {
  const texts = ({ turns }: LabelledDialogue): string => turns.map(({ text }) => text).join(' / ');
  const classes = ({ turns }: LabelledDialogue): string[] =>
    find(turns).map(({ classId }) => classId);
  return {
    missed: dialogues
      .filter((one) => one.classId !== null && !classes(one).includes(one.classId))
      .map(texts),
    alarms: dialogues
      .filter((one) => one.classId === null && classes(one).length > 0)
      .map((one) => `${texts(one)} => ${classes(one).join()}`),
  };
}

describe('danger signs told over several messages', () => {
  it('the dialogues that the rules were written with raise what they hold, and nothing else', () => {
    const { missed, alarms } = failures(labelledDialogues('dialogues.txt'));
    expect({ missed, alarms }).toEqual({ missed: [], alarms: [] });
  });

  it('dialogues that no rule was made with are told apart as well as docs/dialogue.md says', () => {
    const apart = failures(labelledDialogues('dialogues-held-out.txt'));
    expect([apart.missed.length, apart.alarms.length]).toEqual([0, 1]);
    const served = failures(labelledDialogues('dialogues-held-out-2.txt'));
    expect(served).toEqual({ missed: [], alarms: [] });
    const last = failures(labelledDialogues('dialogues-held-out-3.txt'));
    expect(last.missed.length).toBeLessThanOrEqual(5);
    expect(last.alarms.length).toBeLessThanOrEqual(1);
  });

  it('sentences of single messages raise what they raised, and no more', () => {
    const names = ['labelled.txt', 'held-out.txt', 'held-out-2.txt', 'held-out-3.txt'];
    for (const { text } of names.flatMap(labelledSentences)) {
      const found = signsInDialogue([{ role: 'patient', text }]);
      expect([text, found.length]).toEqual([text, findDangerSigns(text).length]);
    }
  });

  it('every word that is shown stands there: of an answer, of the question, of earlier messages', () => {
    expect(signsAndWords(said('患：医生我胸闷', '医：有没有出汗？', '患：嗯，有的'))).toEqual([
      ['chest-tightness-sweat', '胸闷', '出汗', '嗯'],
    ]);
    expect(signsAndWords(said('医：您好。胸痛吗？', '患：有时候会'))).toEqual([
      ['chest-pain', '胸痛', '有时候会'],
    ]);
    expect(signsAndWords([{ role: 'patient', text: '胸口闷\n😟还出冷汗' }])).toEqual([
      ['chest-tightness-sweat', '胸口闷', '冷汗'],
    ]);
    expect(signsAndWords(said('患：我胸口', '患：疼得厉害'))).toEqual([
      ['chest-pain', '胸口', '疼'],
    ]);
    expect(signsAndWords(said('医：哪里疼？', '患：胸口这里'))).toEqual([
      ['chest-pain', '胸口这里'],
    ]);
  });

  it('a short yes takes what was asked, of several signs each; a short no takes none', () => {
    for (const yes of ['有', '有的', '是', '嗯', '对', '会', '偶尔', '一点', '痛', '好像有一点'])
      expect([yes, signsInDialogue(said('医：胸痛吗？', `患：${yes}`)).length]).toEqual([yes, 1]);
    for (const no of [
      '没有',
      '无',
      '不',
      '没',
      '否',
      '不痛',
      '嗯，没有',
      '都没有',
      '好的',
      '[图片]',
    ])
      expect([no, signsInDialogue(said('医：胸痛吗？', `患：${no}`)).length]).toEqual([no, 0]);
    const several = '医：有没有胸痛、呼吸困难？';
    expect(signsInDialogue(said(several, '患：有')).map(({ signId }) => signId)).toEqual([
      ...['chest-pain', 'dyspnoea'],
    ]);
    expect(signsInDialogue(said(several, '患：没有胸痛，有呼吸困难'))).toMatchObject([
      { signId: 'dyspnoea', turn: 1 },
    ]);
    expect(signsInDialogue(said(several, '患：有，没有胸痛'))).toMatchObject([
      { signId: 'dyspnoea' },
    ]);
  });

  it('a doctor alone, an answer to something else, and the words of two people raise nothing', () => {
    for (const turns of [
      said('医：胸痛吗？', '医：有'),
      said('医：有没有胸痛？', '医：嗯', '医：出汗呢'),
      said('医：胸痛吗？', '患：您好', '医：吃饭了吗', '患：有'),
      said('医：胸痛要马上来。饭前吃药吗？', '患：是'),
      said('医：家里人有没有心绞痛？', '患：有'),
      said('医：以前胸痛吗？', '患：有'),
      said('医：胸痛好点了吗？', '患：是的'),
      said('患：我同事胸闷', '患：我出汗多'),
      said('患：胸闷', ...Array.from({ length: 9 }, () => '医：请稍等'), '患：出汗'),
      said('患：胸闷', `患：${'我想问一下挂号的事情'.repeat(9)}`, '患：出汗'),
    ])
      expect([turns, signsInDialogue(turns)]).toEqual([turns, []]);
  });

  it('whoever may be the patient is heard over several messages too', () => {
    const guessed = said('医：胸闷', '患：您好', '医：出了一身冷汗').map((turn) => ({
      ...turn,
      isGuess: true,
    }));
    expect(signsInDialogue(guessed)).toMatchObject([
      { signId: 'chest-tightness-sweat', turn: 2, parts: [{ turn: 0 }] },
    ]);
    expect(signsInDialogue(guessed.map(({ role, text }) => ({ role, text })))).toEqual([]);
  });
});
