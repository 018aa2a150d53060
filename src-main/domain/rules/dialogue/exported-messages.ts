/**
 * Chats as programs export them: JSON (an array of messages, alone or in an object; one message a line) and
 * csv with a heading. Only what is such a table from its first to its last message is read as one: for
 * anything else it says null, and the text stays what it is.
 */
import { csvCells } from './csv-cells';
import { isNoPerson, roleOf } from './speakers';

export interface ExportedMessage {
  /** As it is written there; null where the message names nobody. */
  readonly speaker: string | null;
  readonly text: string;
}

/** UTF-16 units that are looked at; a longer text is only text. */
export const maxExportChars = 2_000_000;
/** A longer chat is only text. */
const maxMessages = 50_000;

/** From the most telling to the least; a message's first one that says something counts. */
const speakerKeys = keys(
  'role speaker sender_role senderrole sender sendername sender_name from fromname from_name author talker nickname name user username 角色 发送者 发送人 发言人 说话人 说话者 发信人 昵称 姓名 身份 发送方',
);
const textKeys = keys(
  'text content message msg body utterance sentence 内容 消息 消息内容 文本 正文 发言 话语 对话内容 聊天内容',
);
const typeKeys = keys('type msgtype msg_type messagetype message_type 类型 消息类型');
/** Where an object holds its messages. */
const listKeys = keys(
  'messages turns dialogue dialog conversation conversations chat history data list records items 消息 对话 聊天记录 记录',
);
/** What stands for a message that is no text, as messengers write it. */
const pictures: readonly (readonly [RegExp, string])[] = [
  [/image|picture|photo|图片|照片/iu, '[图片]'],
  [/voice|audio|语音/iu, '[语音]'],
  [/video|视频/iu, '[视频]'],
  [/(?<!pro)file|文件/iu, '[文件]'],
];

/** @returns the messages in their order, or null where the text is no export */
export function exportedMessages(text: string): ExportedMessage[] | null {
  if (text.length > maxExportChars) return null;
  const whole = text.trim();
  const messages = /^[[{]/u.test(whole) ? fromJson(whole) : fromCsv(withoutOuterLines(text));
  if (!messages || messages.length === 0 || messages.length > maxMessages) return null;
  // Words without anybody who says them may be anything, and 血常规 with its result is no chat.
  const speakers = messages.flatMap(({ speaker }) => (speaker === null ? [] : [speaker]));
  // Beside 患者 and 医生 also 系统提示 may send messages.
  const isChat = speakers.some((name) => roleOf(name) !== null) || !speakers.some(isNoPerson);
  return speakers.length > 0 && isChat ? messages : null;
}

/** Without a byte order mark and outer empty lines; tabs of a table's first and last line are cells. */
function withoutOuterLines(text: string): string {
  const whole = text.replace(/^\ufeff/u, '');
  const start = whole.length - whole.trimStart().length;
  const end = whole.trimEnd().length;
  const from = Math.max(whole.lastIndexOf('\n', start), whole.lastIndexOf('\r', start)) + 1;
  const more = whole.slice(end).search(/[\r\n]/u);
  return whole.slice(from, more < 0 ? whole.length : end + more);
}

function fromJson(text: string): ExportedMessage[] | null {
  const value = parsed(text) ?? linesOf(text);
  const list = Array.isArray(value) ? value : listIn(value);
  return list && list.length <= maxMessages ? all(list.map(messageOf)) : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A message a line. */
function linesOf(text: string): unknown[] | undefined {
  const lines = text.split(/\r?\n/u).filter((line) => line.trim() !== '');
  if (lines.length > maxMessages) return undefined;
  const values = lines.map(parsed);
  return values.includes(undefined) ? undefined : values;
}

function listIn(value: unknown): readonly unknown[] | null {
  const lists = fieldsOf(value).filter(([key, held]) => listKeys.has(key) && Array.isArray(held));
  // Of several nobody can say which one is meant.
  return lists.length === 1 ? (lists[0]?.[1] as unknown[]) : null;
}

function messageOf(value: unknown): ExportedMessage | null {
  const fields = new Map(fieldsOf(value));
  // `{"from":"human","value":…}` of ShareGPT; a value by itself may be anything.
  const words =
    // `{"text":"","content":…}`: an empty one says nothing while another does.
    first(textKeys, fields, (held) => filled(wordsOf(held))) ??
    first(textKeys, fields, wordsOf) ??
    (fields.has('from') ? wordsOf(fields.get('value')) : null);
  const picture = pictureOf(first(typeKeys, fields, nameOf));
  // A picture's content is often nothing, or an object that names a file.
  const places = [...textKeys].filter((key) => fields.has(key));
  const isPicture = places.length > 0 && picture !== '';
  if (words === null && !isPicture && !places.some((key) => fields.get(key) === null)) return null;
  const speaker = first(speakerKeys, fields, (held) => nonEmpty(nameOf(held)));
  return {
    speaker,
    text: filled(words) ?? picture,
  };
}

function fromCsv(text: string): ExportedMessage[] | null {
  const rows = csvCells(text);
  const [heading, ...body] = rows ?? [];
  if (!heading) return null;
  const names = heading.map((cell) => cell.trim().toLowerCase());
  const columns = (wanted: ReadonlySet<string>): number[] =>
    [...wanted].map((name) => names.indexOf(name)).filter((at) => at >= 0);
  const speakersAt = columns(speakerKeys);
  const textsAt = columns(textKeys);
  const typesAt = columns(typeKeys);
  if (speakersAt.length === 0 || textsAt.length === 0) return null;
  return all(
    body.map((cells) => {
      if (cells.length !== heading.length) return null;
      const firstOf = (places: readonly number[]): string | null =>
        places.map((at) => cells[at] ?? '').find((cell) => cell.trim() !== '') ?? null;
      return {
        speaker: nonEmpty(firstOf(speakersAt)),
        text: firstOf(textsAt) ?? pictureOf(firstOf(typesAt)),
      };
    }),
  );
}

/** Null where one of them is none. */
function all(messages: readonly (ExportedMessage | null)[]): ExportedMessage[] | null {
  const whole = messages.filter((message) => message !== null);
  return whole.length === messages.length ? whole : null;
}

/** Of an object, with keys in small letters; none for what is no object. */
function fieldsOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).map(([key, held]) => [key.trim().toLowerCase(), held]);
}

function first(
  wanted: ReadonlySet<string>,
  fields: ReadonlyMap<string, unknown>,
  read: (held: unknown) => string | null,
): string | null {
  for (const key of wanted) {
    const found = read(fields.get(key));
    if (found !== null) return found;
  }
  return null;
}

/**
 * A string, an object that holds one or says that it is a picture, or a list of such parts
 * (`[{"type":"text","text":…},{"type":"image_url",…}]`), of which others are left out.
 */
function wordsOf(held: unknown): string | null {
  if (typeof held === 'string') return held;
  if (Array.isArray(held)) {
    const parts = held.map((part) => (Array.isArray(part) ? null : wordsOf(part)));
    const said = parts.filter((part) => part !== null);
    return said.length === 0 ? null : said.join('\n');
  }
  const fields = new Map(fieldsOf(held));
  const words = stringOf(fields.get('text') ?? fields.get('content'));
  if (words !== null) return words;
  const picture = pictureOf(first(typeKeys, fields, nameOf));
  return picture === '' ? null : picture;
}

function nameOf(held: unknown): string | null {
  if (typeof held === 'number' && Number.isFinite(held)) return String(held);
  if (typeof held === 'string') return held;
  const fields = new Map(fieldsOf(held));
  return stringOf(fields.get('role') ?? fields.get('name') ?? fields.get('nickname'));
}

function stringOf(held: unknown): string | null {
  return typeof held === 'string' ? held : null;
}

/** As it is, but for one without words. */
function filled(words: string | null): string | null {
  return words === null || words.trim() === '' ? null : words;
}

function nonEmpty(name: string | null): string | null {
  return name === null || name.trim() === '' ? null : name.trim();
}

function pictureOf(type: string | null): string {
  return pictures.find(([pattern]) => pattern.test(type ?? ''))?.[1] ?? '';
}

function keys(words: string): ReadonlySet<string> {
  return new Set(words.split(' '));
}
