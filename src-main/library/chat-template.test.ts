import { describe, expect, it } from 'vitest';
import { formatOfTemplate, type TemplateVocabulary } from './chat-template';
import { chatFormat } from './prompt-formats';

const tokens = ['<s>', '</s>', '<|im_start|>', '<|im_end|>'];
const vocabulary: TemplateVocabulary = {
  has: (text) => tokens.includes(text),
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

describe("a file's own template", () => {
  it('of ChatML becomes our ChatML', async () => {
    const format = await formatOfTemplate(chatml, vocabulary);
    expect(format?.turns).toEqual(chatFormat('chatml').turns);
    expect(format?.bos).toBe(false);
  });

  it('that answers in another place than it asks for one is not guessed at', async () => {
    // Llama 2 writes a space before an answer that it has, and none where one is to come.
    expect(await formatOfTemplate(llama2, vocabulary)).toBeNull();
  });

  it('that refuses a system text gets it with the first question', async () => {
    const strict = `{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}${chatml}`;
    const format = await formatOfTemplate(strict, vocabulary);
    expect(format?.turns.system).toBeNull();
    expect(format?.turns.firstUser).toEqual(chatFormat('chatml').turns.firstUser);
  });

  it('that begins with the token that begins a text leaves that to the tokenizer', async () => {
    const format = await formatOfTemplate(`{{ bos_token }}${chatml}`, vocabulary);
    expect(format).toMatchObject({ bos: true, turns: chatFormat('chatml').turns });
  });

  it.each([
    ['is no template', '{% for %}'],
    ['drops what people say', "{% for m in messages %}{{ '<|im_start|>' }}{% endfor %}"],
    ['changes what people say', "{% for m in messages %}{{ m['content'] | upper }}{% endfor %}x"],
    ['depends on what people say', `{% if 'aaa' in messages[0]['content'] %}!{% endif %}${chatml}`],
    ['says it twice', "{% for m in messages %}{{ m['content'] }}{{ m['content'] }}{% endfor %}"],
    ['is empty', ''],
    ['is very long', ' '.repeat(70_000)],
  ])('that %s is not used', async (_how, template) => {
    expect(await formatOfTemplate(template, vocabulary)).toBeNull();
  });

  it('that never comes to an end is stopped', async () => {
    const endless =
      '{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}{% endfor %}{% endfor %}{% endfor %}';
    expect(await formatOfTemplate(endless + chatml, vocabulary)).toBeNull();
  });

  it('that asks for all memory ends itself and nothing else', async () => {
    const greedy =
      "{% set ns = namespace(text='xxxxxxxxxxxxxxxx') %}{% for a in range(64) %}{% set ns.text = ns.text + ns.text %}{% endfor %}{{ ns.text }}";
    expect(await formatOfTemplate(greedy + chatml, vocabulary)).toBeNull();
  });
});
