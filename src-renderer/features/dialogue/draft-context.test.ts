import { describe, expect, it } from 'vitest';
import type { DraftRequest } from '@domain/contract/dialogue';
import { AppError } from '@domain/contract/errors';
import { begun, context, never, preview, result, until } from './dialogue.fixture';
import { Dialogue } from './dialogue.svelte';

const record = { id: 'r', title: '门诊', textId: 't', text: '主诉：发热。\n过敏史：青霉素过敏。' };
const parts = { used: [{ start: 7, end: 17 }], whole: false };

describe('the context of a draft', () => {
  it('is counted before it is asked for, and anew after whatever changes it', async () => {
    const asked: DraftRequest[] = [];
    const { dialogue } = begun(undefined, undefined, async (request) => {
      asked.push(request);
      return { ...preview, tokens: { ...preview.tokens, dialogue: asked.length } };
    });
    const counts: (() => void)[] = [
      () => dialogue.conversation.type('患者：发烧'),
      () => dialogue.choose('purpose', 'appointment'),
      () => dialogue.choose('tone', 'formal'),
      () => dialogue.choose('length', 'long'),
      () => dialogue.choose('askBack', false),
      () => dialogue.link(record),
      () => dialogue.conversation.type('患者：发烧两天'),
    ];
    for (const [at, change] of counts.entries()) {
      change();
      await until(() => dialogue.preview.value?.tokens.dialogue === at + 1);
    }
    expect(asked.at(-1)).toMatchObject({
      ...{ purpose: 'appointment', tone: 'formal', length: 'long', askBack: false },
      ...{ turns: [{ text: '发烧两天' }], record: { text: record.text } },
    });
    // Nothing was drafted by that.
    expect([dialogue.running, dialogue.state]).toEqual([false, 'conversation']);
  });

  it('is counted once for many keys, and not while nobody asks for anything', async () => {
    let counted = 0;
    const { dialogue } = begun(undefined, undefined, async () => {
      counted += 1;
      return preview;
    });
    dialogue.conversation.type('医生：您好');
    dialogue.conversation.finishWriting();
    dialogue.count();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect([counted, dialogue.preview.value]).toEqual([0, null]);
    dialogue.conversation.write();
    for (const words of ['患', '患者：', '患者：发', '患者：发烧'])
      dialogue.conversation.type(words);
    await until(() => dialogue.preview.value !== null);
    expect(counted).toBe(1);
  });

  it('of another record is not shown with the words of this one', async () => {
    const { dialogue } = begun(undefined, undefined, async () => ({ ...preview, parts }));
    dialogue.conversation.type('患者：发烧');
    dialogue.link(record);
    await until(() => dialogue.preview.value !== null);
    dialogue.link(null);
    expect(dialogue.preview.value).toBeNull();
  });

  it('that cannot hold the patient’s last words is a problem before anything is drafted', async () => {
    const { dialogue } = begun(undefined, undefined, () =>
      Promise.reject(new AppError('CONTEXT_EXCEEDED', { params: { needed: 9, capacity: 5 } })),
    );
    dialogue.conversation.type('患者：发烧');
    await until(() => dialogue.preview.problem !== null);
    expect(dialogue.preview.problem).toMatchObject({ code: 'CONTEXT_EXCEEDED' });
    expect(dialogue.drafting.problem).toBeNull();
  });

  it('stays with the drafts that were written from it, stopped ones too, and is stored with them', async () => {
    for (const isStopped of [false, true]) {
      const {
        dialogue,
        saved,
        parts: own,
      } = begun(async (request, call) => {
        call.emit({ kind: 'context', context: { ...context, parts } });
        return isStopped ? never(request, call) : result('多喝水。');
      });
      dialogue.conversation.type('患者：发烧');
      dialogue.link(record);
      dialogue.draft();
      if (isStopped) {
        await until(() => dialogue.drafting.session?.texts[0] !== '');
        dialogue.stop();
      }
      await until(() => dialogue.state === 'machine-draft' && dialogue.saver.status === 'saved');
      expect(dialogue.drafting.context).toEqual({ ...context, parts, textId: 't' });
      const value = saved.at(-1);
      if (!value) throw new Error('nothing saved');
      const again = new Dialogue(own, { stored: { value, version: saved.length }, record });
      expect(again.drafting.context).toEqual(dialogue.drafting.context);
    }
  });
});
