import { describe, expect, it } from 'vitest';
import { formatOfTemplate, type TemplateVocabulary } from './chat-template';
import { chatFormat } from './prompt-formats';

const vocabulary: TemplateVocabulary = {
  special: [
    '<s>',
    '</s>',
    '<|im_start|>',
    '<|im_end|>',
    '[gMASK]',
    '<sop>',
    '<｜User｜>',
    '<|',
    '<think>',
  ],
  bos: '<s>',
  eos: '</s>',
};
const chatml =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
const llama2 =
  "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}" +
  '{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}' +
  "{% for message in loop_messages %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}" +
  "{% else %}{% set content = message['content'] %}{% endif %}" +
  "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + content + ' ' + eos_token }}{% endif %}{% endfor %}";
const turn = (role: string, content: string): string =>
  `{% for m in messages %}{% if m.role == 'assistant' %}${content}{% else %}${role}{% endif %}{% endfor %}`;

const formatOf = (template: string) => formatOfTemplate(template, vocabulary);
const refused = (why: string) =>
  expect.objectContaining({ code: 'TEMPLATE_UNUSABLE', params: { why } }) as unknown;

describe("a file's own template", () => {
  it('of ChatML becomes our ChatML', async () => {
    const format = await formatOf(chatml);
    expect(format.turns).toEqual(chatFormat('chatml').turns);
    expect(format.bos).toBe(false);
  });

  it('of Llama 2 becomes our Llama 2; the space before an answer is for the model to write', async () => {
    const { bos, turns } = await formatOf(llama2);
    const ours = chatFormat('llama-2').turns;
    expect(bos).toBe(true);
    expect(turns).toEqual({ ...ours, toPastAnswer: [{ text: ' [/INST] ' }] });
  });

  it('that refuses a system text gets it with the first question', async () => {
    const strict = `{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}${chatml}`;
    const { turns } = await formatOf(strict);
    expect(turns.system).toBeNull();
    expect(turns.firstUser).toEqual(chatFormat('chatml').turns.firstUser);
  });

  it('that leaves a system text out gets it with the first question', async () => {
    const deaf = chatml.replace('in messages %}', "in messages if message.role != 'system' %}");
    expect((await formatOf(deaf)).turns.system).toBeNull();
  });

  it('that brings words of its own keeps them', async () => {
    const { turns } = await formatOf(
      `{% if messages[0].role != 'system' %}你是助手。{% endif %}${chatml}`,
    );
    expect(turns.firstUser[0]).toEqual({ text: '你是助手。' });
    expect(turns.system).toEqual(chatFormat('chatml').turns.system);
  });

  it('that begins with the token that begins a text leaves that to the tokenizer', async () => {
    const format = await formatOf(`{{ bos_token }}${chatml}`);
    expect(format).toMatchObject({ bos: true, turns: chatFormat('chatml').turns });
  });

  it('that begins so only without a system text says itself when', async () => {
    const format = await formatOf(
      `{% if messages[0].role == 'user' %}{{ bos_token }}{% endif %}${chatml}`,
    );
    const { turns } = chatFormat('chatml');
    expect(format.bos).toBe(false);
    expect(format.turns.firstUser).toEqual([{ token: '<s>' }, ...turns.firstUser]);
    expect(format.turns.system).toEqual(turns.system);
  });

  it('has its control tokens found as the vocabulary writes them, the longest first, and no others', async () => {
    const { turns } = await formatOf(
      `[gMASK]<sop>${turn('<｜User｜>{{ m.content }}<|im_end|>', '<|nobody|>{{ m.content }}')}`,
    );
    expect(turns.firstUser).toEqual([
      { token: '[gMASK]' },
      { token: '<sop>' },
      { token: '<｜User｜>' },
    ]);
    expect(turns.toAnswer).toEqual([
      { token: '<|im_end|>' },
      { token: '<|' },
      { text: 'nobody|>' },
    ]);
  });

  it('that lets the model think before it answers is asked for the answer', async () => {
    const { turns } = await formatOf(
      `${chatml}{% if enable_thinking is defined and not enable_thinking %}{{ '<think>\\n\\n</think>' }}{% endif %}`,
    );
    const ours = chatFormat('chatml').turns;
    expect(turns.toPastAnswer).toEqual(ours.toAnswer);
    expect(turns.toAnswer).toEqual([
      ...ours.toAnswer,
      { token: '<think>' },
      { text: '\n\n</think>' },
    ]);
  });

  it('that does not lead up to an answer is led up to where earlier answers began', async () => {
    const { turns } = await formatOf(turn('U{{ m.content }}', 'A:{{ m.content }}'));
    expect(turns).toMatchObject({ toAnswer: [{ text: 'A:' }], toNextUser: [{ text: 'U' }] });
    expect(turns.toPastAnswer).toBeUndefined();
  });

  it.each([
    ['is no template', '{% for %}', 'fails'],
    ['calls what is not there', '{{ nothing() }}', 'fails'],
    ['refuses to talk', "{{ raise_exception('no') }}", 'fails'],
    [
      'drops what people say',
      "{% for m in messages %}{{ '<|im_start|>' }}{% endfor %}",
      'changes-words',
    ],
    [
      'folds what people say',
      "{% for m in messages %}{{ m['content'] | upper }}{% endfor %}x",
      'changes-words',
    ],
    [
      'cuts what people say',
      "{% for m in messages %}{{ m['content'][1:] }}{% endfor %}x",
      'changes-words',
    ],
    [
      'depends on what people say',
      `{% if 'aaa' in messages[0]['content'] %}!{% endif %}${chatml}`,
      'changes-words',
    ],
    [
      'says it twice',
      "{% for m in messages %}{{ m['content'] }}{{ m['content'] }}{% endfor %}",
      'changes-words',
    ],
    [
      'says it backwards',
      "{% for m in messages | reverse %}{{ m['content'] }}{% endfor %}",
      'changes-words',
    ],
    ['is empty', '', 'absent'],
    ['is very long', ' '.repeat(70_000), 'too-long'],
    ['speaks for pages', `${'x'.repeat(5_000)}${chatml}`, 'too-long'],
    [
      'makes much of little',
      `{% for a in range(100) %}${'x'.repeat(1000)}{% endfor %}${chatml}`,
      'too-long',
    ],
  ])('that %s is not used, and it is said why', async (_how, template, why) => {
    await expect(formatOf(template)).rejects.toEqual(refused(why));
  });

  it('that never comes to an end is stopped', async () => {
    const endless =
      '{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}{% endfor %}{% endfor %}{% endfor %}';
    await expect(formatOf(endless + chatml)).rejects.toEqual(refused('too-slow'));
  });

  it('that asks for all memory ends itself and nothing else', async () => {
    const greedy =
      '{% set ns = namespace(all=[[1]]) %}{% for a in range(64) %}{% set ns.all = ns.all + ns.all %}{% endfor %}';
    // Collecting garbage takes longest: on a busy machine a second would be over before the memory is.
    const ended = formatOfTemplate(greedy + chatml, vocabulary, 60_000);
    await expect(ended).rejects.toEqual(refused('too-much-memory'));
  });

  it.each([
    "{{ ''.constructor.constructor('return process')().pid }}",
    "{{ messages.__proto__.constructor('return 1')() }}",
    '{{ process.pid }}{{ globalThis.process.pid }}',
    "{{ require('fs').readFileSync('/etc/hostname') }}",
    "{% include '/etc/hostname' %}",
    "{% import '/etc/hostname' as f %}{{ f }}",
  ])('reaches nothing of the program: %s', async (reach) => {
    const result = await formatOf(reach + chatml).catch((error: unknown) => error);
    // Refused, or it came to nothing.
    if (result instanceof Error) expect(result).toEqual(refused('fails'));
    else expect(result).toMatchObject({ turns: chatFormat('chatml').turns });
  });
});
