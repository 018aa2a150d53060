import { describe, expect, it } from 'vitest';
import { maxTurns } from '../../contract/dialogue';
import { exportedMessages, maxExportChars } from './exported-messages';
import { parseDialogue } from './parse-dialogue';

const said = [
  { role: 'patient', text: '孩子发烧两天，\n体温：39' },
  { role: 'doctor', text: '多少度？' },
];
const told = ['patient|孩子发烧两天，\n体温：39', 'doctor|多少度？'];
const rolesAndTexts = (text: string) =>
  parseDialogue(text).turns.map(({ role, text: words }) => `${role}|${words}`);
const renamed = (role: string, text: string, more: object = {}) =>
  said.map((each) => ({ ...more, [role]: each.role, [text]: each.text }));

describe('a chat that a program exported', () => {
  it.each([
    ['an array', JSON.stringify(said)],
    ['indented, with a byte order mark', `\ufeff${JSON.stringify(said, null, 2)}\n`],
    ['in an object', JSON.stringify({ id: 7, messages: said })],
    ['a message a line', said.map((each) => JSON.stringify(each)).join('\r\n')],
    [
      'by sender and content, with times',
      JSON.stringify(renamed('Sender', 'Content', { time: 1 })),
    ],
    ['from and message', JSON.stringify(renamed('from', 'message'))],
    ['speaker and text', JSON.stringify(renamed('speaker', 'text'))],
    ['Chinese keys', JSON.stringify(renamed('角色', '内容', { 时间: '10:00' }))],
    [
      'a sender that is an object, and parts of content',
      JSON.stringify(
        said.map(({ role, text }) => ({
          sender: { id: 3, name: role === 'doctor' ? '张医生' : '患者' },
          content: [{ type: 'text', text }],
        })),
      ),
    ],
    [
      'of ShareGPT',
      JSON.stringify({
        conversations: said.map(({ role, text }) => ({
          from: role === 'doctor' ? 'gpt' : 'human',
          value: text,
        })),
      }),
    ],
    ['csv', '时间,角色,内容\r\n10:00,患者,"孩子发烧两天，\n体温：39"\r\n10:01,医生,多少度？\r\n'],
    ['csv in other marks', 'content;sender\n"孩子发烧两天，\n体温：39";patient\n多少度？;doctor'],
    ['a table as it is copied', '发送者\t消息\n患者\t"孩子发烧两天，\n体温：39"\n医生\t多少度？'],
  ])('%s', (_, text) => {
    expect(rolesAndTexts(text)).toEqual(told);
  });

  it('names that say no role are guessed, told, and can be corrected', () => {
    const text = 'time,name,message\n1,春风,发烧\n2,秋雨,多少度\n3,春风,39';
    const { turns, speakers } = parseDialogue(text);
    expect(turns.map(({ role, isGuess }) => [role, isGuess])).toEqual([
      ['patient', true],
      ['doctor', true],
      ['patient', true],
    ]);
    expect(speakers).toEqual(['春风', '秋雨']);
  });

  it('quotes, commas and colons of a message are its own', () => {
    const words = '他说 "医生：不行", 医生：再看';
    expect(rolesAndTexts(`role,text\npatient,"${words.replaceAll('"', '""')}"\ndoctor,好`)).toEqual(
      [`patient|${words}`, 'doctor|好'],
    );
    expect(rolesAndTexts(JSON.stringify([{ role: 'user', content: words }]))).toEqual([
      `patient|${words}`,
    ]);
  });

  it('of several places for words the first with any counts, in each message', () => {
    const rows = [
      { role: 'patient', text: '', content: '胸痛两小时' },
      { role: 'doctor', text: '在哪里', content: ' ' },
    ];
    const expected = ['patient|胸痛两小时', 'doctor|在哪里'];
    expect(rolesAndTexts(JSON.stringify(rows))).toEqual(expected);
    expect(
      rolesAndTexts('role,sender,text,content\n,患者,,胸痛两小时\ndoctor,张三,在哪里,'),
    ).toEqual(expected);
  });

  it('a picture without words is still there', () => {
    const rows = [
      { sender: '患者', type: 'image', content: '' },
      { sender: '医生', type: 'text', content: '看到了' },
    ];
    const { turns, placeholders } = parseDialogue(JSON.stringify(rows));
    expect(turns.map(({ text }) => text)).toEqual(['[图片]', '看到了']);
    expect(placeholders).toBe(1);
    expect(rolesAndTexts('sender,type,content\n患者,语音,\n医生,文本,听到了')).toEqual([
      'patient|[语音]',
      'doctor|听到了',
    ]);
  });

  it('an empty cell at the end of a table is a cell', () => {
    const table = '\ufeff\r\n\n发送者\t消息\t备注\r\n患者\t发烧\t急\r\n医生\t多少度\t';
    for (const end of ['', '\r\n', '\n \n'])
      expect(rolesAndTexts(table + end)).toEqual(['patient|发烧', 'doctor|多少度']);
    expect(rolesAndTexts('\t发送者\t消息\n1\t患者\t发烧\n2\t医生\t多少度')).toEqual([
      'patient|发烧',
      'doctor|多少度',
    ]);
    expect(exportedMessages(' \n\t')).toBeNull();
  });

  it('a message of the program itself leaves the others a chat', () => {
    for (const name of ['系统提示', '就诊提醒', '医院']) {
      const rows = [...said, { role: name, text: '问诊已结束' }];
      const { turns, speakers } = parseDialogue(JSON.stringify(rows));
      expect(turns.map(({ text }) => text)).toEqual([
        ...said.map(({ text }) => text),
        '问诊已结束',
      ]);
      expect([turns.at(-1)?.isGuess, speakers]).toEqual([true, [name]]);
    }
  });

  it.each([
    ['null', { type: 'image', content: null }, ['patient|[图片]']],
    ['nothing at all', { type: 'text', content: null }, []],
    ['an object', { msgType: 'voice', content: { duration: 3 } }, ['patient|[语音]']],
    ['no parts', { type: 'video', content: [] }, ['patient|[视频]']],
    [
      'a picture as a part',
      { content: [{ type: 'image_url', image_url: {} }] },
      ['patient|[图片]'],
    ],
    [
      'words and other parts',
      { content: [{ type: 'text', text: '看这里' }, { type: 'image_url' }, { type: 'x' }] },
      ['patient|看这里'],
    ],
  ])('a picture message whose content is %s leaves the others a chat', (_, message, expected) => {
    const rows = [{ role: 'user', ...message }, said[1]];
    expect(rolesAndTexts(JSON.stringify(rows))).toEqual([...expected, 'doctor|多少度？']);
  });

  it.each([
    ['broken JSON', '[{"role":"patient","text":"发烧"},'],
    ['no object', '["发烧","咳嗽"]'],
    ['a message without words', '[{"role":"patient","text":"发烧"},{"role":"doctor","mood":"好"}]'],
    ['content that is no picture', '[{"role":"patient","content":{"profile":"胸痛"}}]'],
    ['nobody who speaks', '[{"text":"发烧"},{"text":"咳嗽"}]'],
    [
      'results of a laboratory',
      '[{"name":"血常规","content":"正常"},{"name":"体温","content":"39"}]',
    ],
    ['two lists', '{"messages":[{"role":"q","text":"a"}],"history":[{"role":"q","text":"b"}]}'],
    ['csv without such columns', '日期,体温\n1日,39\n2日,38'],
    ['csv whose rows do not fit', '角色,内容\n患者,发烧,两天\n医生,多少度'],
    ['csv whose quote does not end', '角色,内容\n患者,"发烧\n医生,多少度'],
    ['a heading alone', '角色,内容'],
    ['a name of prototypes', '[{"__proto__":{"role":"patient","text":"发烧"}}]'],
  ])('%s is text, and nothing of it is lost', (_, text) => {
    const joined = parseDialogue(text)
      .turns.map((turn) => turn.text)
      .join('\n');
    for (const word of text.match(/[\u4e00-\u9fff]{2,}/gu) ?? []) expect(joined).toContain(word);
  });

  it('is bounded: a longer one is text, and of many messages the last ones are kept', () => {
    const row = JSON.stringify(said[0]);
    const many = `[${Array.from({ length: 60_000 }, () => row).join(',')}]`;
    expect(many.length).toBeGreaterThan(maxExportChars);
    expect(parseDialogue(many).turns[0]?.text.startsWith('[{')).toBe(true);
    const turns = Array.from({ length: maxTurns + 5 }, (__, at) => ({
      role: at % 2 === 0 ? 'patient' : 'doctor',
      text: `第${String(at)}句`,
    }));
    const { turns: kept, cut } = parseDialogue(JSON.stringify(turns));
    expect([kept.length, cut, kept[0]?.text]).toEqual([maxTurns, true, '第5句']);
  });
});
