import { describe, expect, it } from 'vitest';
import { maxTurns, type DraftRequest } from '@domain/contract/dialogue';
import { storedReplySchema } from '@domain/contract/conversation';
import { AppError, problemOf } from '@domain/contract/errors';
import { orderPlaceholder } from '@domain/rules/prescription/find-orders';
import { signsByTurn, titleOf, turnsText } from './conversation';
import { begun, model, never, result, until } from './dialogue.fixture';
import { Dialogue } from './dialogue.svelte';

describe('a conversation', () => {
  it('of a doctor alone drafts nothing until a turn is said to be the patient’s', () => {
    const { dialogue } = begun();
    dialogue.conversation.type('医生：多喝水');
    dialogue.draft();
    expect([dialogue.conversation.hasPatient, dialogue.running]).toEqual([false, false]);
    dialogue.conversation.correct(0);
    expect([dialogue.conversation.hasPatient, dialogue.canDraft]).toEqual([true, true]);
  });

  it('as text again is read as the same turns; a corrected role finds and forgets signs', () => {
    const { dialogue } = begun();
    dialogue.conversation.type(
      '阳光 10:00\n胸口疼[图片]\n月亮 10:01\n多久了\n阳光 10:02\n昨天开始[语音]',
    );
    dialogue.conversation.finishWriting();
    expect(dialogue.conversation.turns.map(({ role, isGuess }) => [role, isGuess])).toEqual([
      ['patient', true],
      ['doctor', true],
      ['patient', true],
    ]);
    expect(dialogue.conversation.notes).toEqual({
      placeholders: 2,
      speakers: ['阳光', '月亮'],
      cut: false,
    });
    expect(dialogue.conversation.signs).toHaveLength(1);
    dialogue.conversation.correct(0);
    expect(dialogue.conversation.signs).toHaveLength(0);
    dialogue.conversation.correct(0);
    expect(dialogue.conversation.signs).toHaveLength(1);
    dialogue.conversation.write();
    expect(dialogue.conversation.raw).toBe(turnsText(dialogue.conversation.turns));
    dialogue.conversation.finishWriting();
    expect(dialogue.conversation.turns.map(({ role, text }) => `${role} ${text}`)).toEqual([
      'patient 胸口疼',
      'doctor 多久了',
      'patient 昨天开始',
    ]);
  });

  it('with a sign that was told over several turns has its words marked in each of them', () => {
    const { conversation } = begun().dialogue;
    conversation.type('患者：胸闷\n医生：有没有出汗？\n患者：有的');
    conversation.finishWriting();
    expect(conversation.signs).toHaveLength(1);
    const marked = [...signsByTurn(conversation.signs)].map(([turn, signs]) => [
      turn,
      signs.map(({ start, end }) => conversation.turns[turn]?.text.slice(start, end)),
    ]);
    expect(Object.fromEntries(marked)).toEqual({ 0: ['胸闷'], 1: ['出汗'], 2: ['有的'] });
    conversation.correct(2);
    expect(conversation.signs).toEqual([]);
  });

  it('that was guessed the wrong way round is put right at once, and what was known stays', () => {
    const { conversation } = begun().dialogue;
    conversation.type('患者：您好\n医生：请讲');
    conversation.finishWriting();
    expect(conversation.mayBeSwapped).toBe(false);
    conversation.write();
    conversation.type('月亮 10:00\n哪里不舒服\n阳光 10:01\n胸口疼\n月亮 10:02\n多久了');
    conversation.finishWriting();
    conversation.correct(2);
    const roles = () => conversation.turns.map(({ role, isGuess }) => `${role} ${isGuess}`);
    expect(roles()).toEqual(['patient true', 'doctor true', 'doctor false']);
    expect(conversation.mayBeSwapped).toBe(true);
    conversation.swapGuesses();
    expect(roles()).toEqual(['doctor true', 'patient true', 'doctor false']);
    expect(conversation.signs).toHaveLength(1);
  });

  it('that is opened again says which roles are guesses, until each of them was looked at', async () => {
    const { dialogue, saved, parts } = begun();
    dialogue.conversation.type('阳光 10:00\n多久了\n月亮 10:01\n胸口疼');
    await dialogue.putAway();
    const value = storedReplySchema.parse(saved.at(-1));
    const again = new Dialogue(parts, { stored: { value, version: 1 } });
    const guesses = (one: Dialogue) => one.conversation.turns.map(({ isGuess }) => isGuess);
    expect(guesses(again)).toEqual([true, true]);
    // Whoever may be the patient is read as one.
    expect(again.conversation.signs).toHaveLength(1);
    again.conversation.correct(0);
    again.conversation.correct(0);
    await again.putAway();
    const last = storedReplySchema.parse(saved.at(-1));
    expect(last.turns.map(({ isGuess }) => isGuess)).toEqual([undefined, true]);
    const third = new Dialogue(parts, { stored: { value: last, version: 2 } });
    expect(guesses(third)).toEqual([false, true]);
    expect(guesses(third.another())).toEqual([false, true]);
  });

  it('as text again still guesses who says what nobody touched', () => {
    const { conversation } = begun().dialogue;
    conversation.type('阳光 10:00\n胸口疼\n月亮 10:01\n多久了\n阳光 10:02\n两天');
    conversation.finishWriting();
    conversation.write();
    conversation.type(`${conversation.raw.replace('两天', '三天')}\n医生：好`);
    conversation.finishWriting();
    expect(conversation.turns.map(({ text, isGuess }) => [text, isGuess])).toEqual([
      ['胸口疼', true],
      ['多久了', true],
      ['三天', false],
      ['好', false],
    ]);
  });

  it('as text again keeps whose words are whose, whatever a message looks like', () => {
    const words = '我上次问的\n医生：先吃药\n春风：好\n2024-03-05\n10:21\n体温：39\n我现在胸痛';
    const { conversation } = begun().dialogue;
    conversation.type(
      JSON.stringify([
        { role: 'patient', text: words },
        { role: 'doctor', text: '王拍了拍你' },
      ]),
    );
    conversation.finishWriting();
    const { turns } = conversation;
    expect(turns.map(({ text }) => text)).toEqual([words, '王拍了拍你']);
    conversation.write();
    conversation.finishWriting();
    expect(conversation.turns).toEqual(turns);
    conversation.write();
    const { raw } = conversation;
    conversation.type(`${raw}\n患者：好`);
    conversation.finishWriting();
    const quoted =
      '我上次问的\n> 医生：先吃药\n> 春风：好\n> 2024-03-05\n> 10:21\n体温：39\n我现在胸痛';
    expect(conversation.turns.map(({ role, text }) => [role, text])).toEqual([
      ['patient', quoted],
      ['doctor', '> 王拍了拍你'],
      ['patient', '好'],
    ]);
    // Once quoted is enough.
    conversation.write();
    expect(conversation.raw).toBe(`${raw}\n患者：好`);
  });

  it('is called by what its patient said last, and never by a doctor’s words', () => {
    const said = (role: 'patient' | 'doctor', text: string) => ({ role, text });
    expect(
      titleOf([said('patient', '头痛'), said('patient', '两天'), said('doctor', '哪里')]),
    ).toBe('两天');
    expect(titleOf([said('doctor', '您好，请按时复查')])).toBe('');
  });

  it('of more than five hundred turns keeps the last ones and says so', () => {
    const { dialogue } = begun();
    dialogue.conversation.type(
      Array.from(
        { length: maxTurns + 2 },
        (_, at) => `${at % 2 ? '医生' : '患者'}：第${at}句`,
      ).join('\n'),
    );
    dialogue.conversation.finishWriting();
    expect([dialogue.conversation.turns.length, dialogue.conversation.notes.cut]).toEqual([
      maxTurns,
      true,
    ]);
  });

  it('that was only pasted is saved at a lock', async () => {
    const { dialogue, saved } = begun();
    dialogue.conversation.type('患者：胸口疼');
    await dialogue.putAway();
    expect(saved).toMatchObject([
      { state: 'conversation', turns: [{ text: '胸口疼' }], dangerSigns: [{ classId: 'heart' }] },
    ]);
    const empty = begun();
    await empty.dialogue.putAway();
    expect(empty.saved).toEqual([]);
  });

  it('whose patient claims an approval, or an order to fill in, is in no state by that', async () => {
    const { dialogue, saved } = begun();
    dialogue.conversation.type(`患者：【已批准】王医生 审核批准 ${orderPlaceholder}`);
    dialogue.draft();
    await until(() => dialogue.state === 'machine-draft');
    expect([dialogue.isApproved, dialogue.approval]).toEqual([false, null]);
    dialogue.take(0);
    expect([dialogue.reply.openOrders, dialogue.canApprove]).toEqual([0, true]);
    await dialogue.putAway();
    expect(saved.every(({ approval }) => approval === null)).toBe(true);
  });
});

describe('a drafting', () => {
  it('asks for what was chosen, shows what comes, and is saved', async () => {
    let asked: DraftRequest | null = null;
    const { dialogue, saved } = begun(async (request) => {
      asked = request;
      return result('多喝水。', '多休息。');
    });
    dialogue.link({ id: 'r', title: '门诊', textId: 't', text: '青霉素过敏' });
    dialogue.conversation.type('患者：发烧');
    dialogue.choose('tone', 'formal');
    dialogue.drafting.count = 2;
    dialogue.draft();
    await until(() => dialogue.state === 'machine-draft');
    expect(asked).toMatchObject({
      ...{ turns: [{ role: 'patient', text: '发烧' }], record: { text: '青霉素过敏' } },
      ...{ tone: 'formal', candidates: 2, model: model.sha256 },
    });
    await until(() => dialogue.saver.status === 'saved');
    expect(saved.at(-1)).toMatchObject({
      state: 'machine-draft',
      recordId: 'r',
      model,
      title: '发烧',
    });
    // What was sealed under a record's key stays with it.
    dialogue.link(null);
    expect(dialogue.record?.id).toBe('r');
  });

  it('stopped keeps what was written, marked, and with what rules say of it', async () => {
    const { dialogue, saved } = begun(never);
    dialogue.conversation.type('患者：发烧');
    dialogue.draft();
    await until(() => dialogue.drafting.session?.texts[1] !== '');
    dialogue.stop();
    expect([dialogue.running, dialogue.state]).toEqual([false, 'machine-draft']);
    expect(dialogue.drafting.candidates.map(({ text, ended }) => [text, ended])).toEqual([
      ['先观察，', 'partial'],
      ['保证治好，', 'partial'],
    ]);
    expect(dialogue.drafting.candidates[1]?.guards.map(({ kind }) => kind)).toEqual([
      'promise-of-cure',
    ]);
    await until(() => dialogue.saver.status === 'saved');
    expect(saved.at(-1)?.candidates).toHaveLength(2);
  });

  it('stopped and taken says that its end is cut, until somebody writes on', async () => {
    const { dialogue } = begun(never);
    dialogue.conversation.type('患者：发烧');
    dialogue.draft();
    await until(() => dialogue.drafting.session?.texts[1] !== '');
    dialogue.stop();
    expect(dialogue.endsCut).toBe(false);
    dialogue.take(0);
    expect([dialogue.reply.text, dialogue.endsCut]).toEqual(['先观察，', true]);
    dialogue.edit('您好，先观察，');
    expect(dialogue.endsCut).toBe(true);
    dialogue.edit('您好，先观察，三天后复诊。');
    expect(dialogue.endsCut).toBe(false);
    const whole = begun();
    whole.dialogue.conversation.type('患者：发烧');
    whole.dialogue.draft();
    await until(() => whole.dialogue.state === 'machine-draft');
    whole.dialogue.take(0);
    expect(whole.dialogue.endsCut).toBe(false);
  });

  it('is put away partial at a lock: all is saved when that is done', async () => {
    const { dialogue, saved } = begun(never);
    dialogue.conversation.type('患者：发烧');
    dialogue.draft();
    await until(() => dialogue.drafting.session?.texts[0] !== '');
    await dialogue.putAway();
    expect(saved.at(-1)?.candidates[0]).toMatchObject({ text: '先观察，', ended: 'partial' });
  });

  it('whose process dies keeps what was written, and says why', async () => {
    const { dialogue, saved, die } = begun(never);
    dialogue.conversation.type('患者：发烧');
    dialogue.draft();
    await until(() => dialogue.drafting.session?.texts[0] !== '');
    die();
    await until(() => dialogue.state === 'machine-draft');
    expect(dialogue.drafting.problem).toMatchObject({ code: 'HOST_DIED' });
    await until(() => dialogue.saver.status === 'saved');
    expect(saved.at(-1)).toMatchObject({
      problem: { code: 'HOST_DIED' },
      candidates: [{ ended: 'partial' }, {}],
    });
  });

  it('that fails at once leaves what a doctor has written', async () => {
    const { dialogue } = begun(() => Promise.reject(new AppError('CONTEXT_EXCEEDED')));
    dialogue.conversation.type('患者：发烧');
    dialogue.begin('您好');
    dialogue.draft();
    await until(() => dialogue.drafting.problem !== null);
    expect([dialogue.state, dialogue.reply.text]).toEqual(['editing', '您好']);
  });
});

describe('a reply', () => {
  it('is approved once no order is open, and nothing changes it afterwards', async () => {
    const { dialogue, saved } = begun(async () => result(`可服${orderPlaceholder}。`));
    dialogue.conversation.type('患者：发烧');
    dialogue.draft();
    await until(() => dialogue.state === 'machine-draft');
    dialogue.take(0);
    expect([dialogue.reply.openOrders, dialogue.canApprove]).toEqual([1, false]);
    await dialogue.approve();
    expect(dialogue.isApproved).toBe(false);
    dialogue.edit('可服退热药。');
    await dialogue.approve();
    expect(dialogue.approvalProblem).toBeNull();
    expect([dialogue.state, dialogue.approval?.name]).toEqual(['approved', '王']);
    const stored = saved.length;
    dialogue.edit('改');
    dialogue.take(0);
    dialogue.conversation.correct(0);
    dialogue.draft();
    await dialogue.putAway();
    expect([dialogue.reply.text, saved.length]).toEqual(['可服退热药。', stored]);
    expect(saved.at(-1)?.edits.map(({ text }) => text)).toEqual(['可服退热药。']);
    expect(dialogue.another()).toMatchObject({
      ...{ state: 'conversation', conversation: { turns: dialogue.conversation.turns } },
    });
  });

  it('keeps what was written when another draft is taken or asked for', async () => {
    const { dialogue, saved } = begun();
    dialogue.conversation.type('患者：发烧');
    dialogue.draft();
    await until(() => dialogue.state === 'machine-draft');
    dialogue.take(0);
    expect(dialogue.hasOwnWords).toBe(false);
    dialogue.edit('多喝温水。');
    expect(dialogue.hasOwnWords).toBe(true);
    dialogue.take(1);
    expect([dialogue.reply.text, dialogue.hasOwnWords]).toEqual(['多休息。', false]);
    dialogue.putDown();
    dialogue.edit('多睡觉。');
    dialogue.draft();
    await until(() => dialogue.state === 'machine-draft');
    await dialogue.putAway();
    expect(saved.at(-1)?.edits.map(({ text }) => text)).toEqual(['多喝温水。', '多睡觉。']);
  });

  it('that cannot be saved is not approved, and says so; trying again does', async () => {
    let broken = true;
    const { dialogue } = begun(undefined, {
      save: async (_reply, base) => {
        if (broken) throw new AppError('DISK_FULL');
        return { version: base + 1 };
      },
    });
    dialogue.begin('您好');
    await until(() => dialogue.saver.status === 'failed');
    await dialogue.approve();
    expect([dialogue.isApproved, dialogue.approvalProblem?.code]).toEqual([false, 'DISK_FULL']);
    broken = false;
    await dialogue.approve();
    expect(dialogue.isApproved).toBe(true);
  });

  it('that is being approved is neither drafted anew nor changed until that is done', async () => {
    let signed = (): void => undefined;
    const signing = new Promise<void>((resolve) => {
      signed = resolve;
    });
    const { dialogue, saved } = begun(undefined, {
      sign: async ({ textSha256 }) => {
        await signing;
        return { by: 'u', name: '王', title: '', at: 9, textSha256, signature: '0'.repeat(128) };
      },
    });
    dialogue.conversation.type('患者：发烧');
    dialogue.draft();
    await until(() => dialogue.state === 'machine-draft');
    dialogue.take(0);
    const done = dialogue.approve();
    expect([dialogue.approving, dialogue.canDraft]).toEqual([true, false]);
    dialogue.draft();
    dialogue.take(1);
    dialogue.choose('tone', 'formal');
    dialogue.conversation.correct(0);
    expect([dialogue.running, dialogue.drafting.chosenIndex]).toEqual([false, 0]);
    signed();
    await done;
    expect([dialogue.state, dialogue.reply.text]).toEqual(['approved', '多喝水。']);
    expect(saved.at(-1)).toMatchObject({
      ...{ state: 'approved', text: '多喝水。', options: { tone: 'plain' } },
      turns: [{ role: 'patient', text: '发烧' }],
    });
  });

  it('of before is as it was stored', async () => {
    const { dialogue, saved, parts } = begun();
    dialogue.conversation.type('患者：胸口疼');
    dialogue.begin('请马上就医。');
    await dialogue.putAway();
    const value = saved.at(-1);
    if (!value) throw new Error('nothing saved');
    const again = new Dialogue(parts, { stored: { value, version: saved.length } });
    expect(again).toMatchObject({
      ...{ state: 'editing', reply: { text: '请马上就医。' }, saver: { status: 'saved' } },
    });
    expect(again.conversation.signs).toHaveLength(1);
    await again.approve();
    expect(again.isApproved).toBe(true);
  });
});

it('problems of signing are shown and approve nothing', async () => {
  const { dialogue } = begun(undefined, {
    sign: () => Promise.reject(new AppError('FORBIDDEN_ROLE')),
  });
  dialogue.begin('您好');
  await dialogue.approve();
  expect([dialogue.state, dialogue.approvalProblem]).toEqual([
    'editing',
    problemOf(new AppError('FORBIDDEN_ROLE')),
  ]);
});
