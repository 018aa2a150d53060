/**
 * Pasted or exported chats into turns. Reads `患者：...` and `医生：...` in many spellings, with or without
 * times, exports where a line with a name and a time stands above each message, and JSON and csv. What it cannot tell
 * it says: a person corrects roles, so nothing is guessed silently.
 */
import { maxTurnChars, maxTurns, type Turn, type TurnRole } from '../../contract/dialogue';
import { findDangerSigns } from '../danger-signs/find-danger-signs';
import { exportedMessages } from './exported-messages';
import { beginsQuotedMessage, withoutQuotedMessages, type Said } from './quoted-message';
import { roleOf, self, speakersIn } from './speakers';

export interface ParsedDialogue {
  readonly turns: readonly (Turn & {
    /** The role was not written there, it was concluded. */
    readonly isGuess: boolean;
  })[];
  /** Pictures, voice messages, files and the like, which nobody can read here. */
  readonly placeholders: number;
  /** Names of speakers that mean no role by themselves, in the order in which they first speak. */
  readonly speakers: readonly string[];
  /** More turns than can be held: the first ones were left out, but for those with danger signs. */
  readonly cut: boolean;
}

const time =
  '(?:(?:\\d{4}[-/.年])?\\d{1,2}[-/.月]\\d{1,2}日?\\s*)?(?:(?:上午|下午|晚上|凌晨|早上|中午|昨天|今天|星期[一二三四五六日天]|周[一二三四五六日])\\s*)?\\d{1,2}:\\d{2}(?::\\d{2})?(?:\\s*(?:AM|PM))?';
const bracketed = `[[【(（]?\\s*${time}\\s*[\\])）】]?`;
/** 患者：..., 2024-01-02 10:00 医生: ..., [10:00] 患者：... */
const inline = new RegExp(
  `^(?:${bracketed}\\s*)?([^\\s：:，。,.!?！？；;（(]{1,16}(?:[（(][^）)]{0,20}[)）])?)(?:\\s*${bracketed})?\\s*[：:]\\s*(.*)$`,
  'u',
);
/** A line with a name and a time, in either order, and nothing else: exports of messengers. */
const nameTime = new RegExp(`^([^：:]{1,24}?)\\s+${bracketed}$`, 'u');
const timeName = new RegExp(`^${bracketed}\\s+([^：:]{1,24}?)$`, 'u');
const timeFirst = new RegExp(`^${bracketed}`, 'u');
const onlyTime = new RegExp(`^[—\\-\\s]*${bracketed}[—\\-\\s]*$`, 'u');
const placeholder =
  /\[(?:图片|照片|语音|视频|文件|表情|动画表情|位置|链接|红包|转账|名片|聊天记录|语音通话|视频通话|image|voice|video|photo|file|sticker)[^\]]{0,20}\]|【(?:图片|语音|视频|文件|表情)[^】]{0,20}】|(?:语音|视频)\s*\d{1,3}\s*[""″秒]/giu;
const onlyDate =
  /^[—\-\s]*\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:\s*(?:星期|周)[一二三四五六日天])?[—\-\s]*$/u;
/** 1. 患者：..., - 患者：..., **患者**：..., 【患者】... */
const listMark =
  /^(?:[-•]\s+|\d{1,3}[.、)）]\s*)?(?:\*{1,2}([^*：:]{1,20})[：:]?\*{1,2}\s*[：:]?|[【[]([^】\]：:]{1,12})[】\]]\s*[：:]?|([^\s：:*【[]{1,12})\s*[：:])\s*(.*)$/u;
/** What messengers put in by themselves. */
const notice =
  /^(?:以上是打招呼的内容|.{0,20}撤回了一条消息|.{0,20}拍了拍.{0,20}|对方正在输入|以下为新消息|.{0,12}加入了?群聊|(?:微信|QQ)?聊天记录(?:如下)?[：:]?|[^：:]{1,20}[和与][^：:]{1,20}的聊天记录)[.。…]*$/u;

/** Behind a name, its number or address: 阳光(12345678), 李医生<li@example.org>. */
const account = /(?:[（(]\d{4,}[)）]|<[^>]{3,60}>)$/u;

/** A line that begins with it is what somebody says, whatever it looks like; it stays there. */
const quote = '> ';

/** @param find signs, by which is decided what is left out. Defaults to reading each turn anew. */
export function parseDialogue(
  text: string,
  find: (text: string) => readonly unknown[] = findDangerSigns,
): ParsedDialogue {
  let placeholders = 0;
  const exported = exportedMessages(text);
  const spoken: readonly Said[] = exported
    ? exported.map(({ speaker, text: said }) => ({
        speaker,
        lines: [said.replace(/\r\n?/gu, '\n')],
      }))
    : withoutQuotedMessages(spokenIn(text));
  const messages = spoken.flatMap(({ speaker, lines: own }) => {
    const whole = own.join('\n').trim();
    placeholders += whole.match(placeholder)?.length ?? 0;
    const words = whole.replace(placeholder, '').trim();
    // A message that was only a picture says something: that there is one.
    return whole === ''
      ? []
      : inPieces(words === '' ? whole : words).map((piece) => ({ speaker, text: piece }));
  });
  const unknown = [
    ...new Set(
      messages.flatMap(({ speaker }) => (speaker && roleOf(speaker) === null ? [speaker] : [])),
    ),
  ];
  const known = new Set(messages.map(({ speaker }) => (speaker === null ? null : roleOf(speaker))));
  const turns = messages.map(({ speaker, text: said }) => {
    const role = speaker === null ? null : roleOf(speaker);
    return { role: role ?? guess(speaker, unknown, known), text: said, isGuess: role === null };
  });
  const joined = joinNeighbours(turns);
  return {
    turns: lastOf(joined, find),
    placeholders,
    speakers: unknown,
    cut: joined.length > maxTurns,
  };
}

/** By lines. */
function spokenIn(text: string): Said[] {
  const spoken: Said[] = [];
  const lines = text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .split('\n')
    .map((line) => line.trim());
  const named = speakersIn(
    lines.filter((line) => !beginsQuotedMessage(line)),
    roleOf,
  );
  for (const line of lines) {
    const isQuoted = line.startsWith(quote);
    if (!isQuoted && isNobodys(line)) continue;
    const heading = isQuoted || beginsQuotedMessage(line) ? null : headingOf(line, named);
    if (heading) {
      spoken.push({ speaker: heading.speaker, lines: heading.rest === '' ? [] : [heading.rest] });
    } else if (line === '') {
      // An empty line without speakers separates messages; with them it is part of one.
      const last = spoken.at(-1);
      if (last?.speaker === null && last.lines.length > 0)
        spoken.push({ speaker: null, lines: [] });
      else if (last && last.lines.length > 0) last.lines.push('');
    } else {
      const last = spoken.at(-1);
      if (last) last.lines.push(line);
      else spoken.push({ speaker: null, lines: [line] });
    }
  }
  return spoken;
}

/**
 * A turn as text that `parseDialogue` reads as this one turn again: lines that it would take for somebody
 * else's, or drop, are quoted.
 *
 * @param name that means a role by itself
 */
export function turnText(name: string, said: string): string {
  const [first = '', ...others] = said.split(/\r\n?|[\n\u2028\u2029]/u).map((line) => line.trim());
  // 患者：我拍了拍他 as a whole is a notice of a messenger.
  const top =
    isNobodys(`${name}：${first}`) || beginsQuotedMessage(first)
      ? `${name}：\n${quoted(first)}`
      : `${name}：${first}`;
  return [top, ...others.map(quotedWhereNeeded)].join('\n');
}

function quotedWhereNeeded(line: string): string {
  if (line === '') return line;
  // As beside one role alone, where any name before a colon may be who answers.
  const named = speakersIn([line, '患者：'], roleOf);
  const isRead = isNobodys(line) || beginsQuotedMessage(line) || headingOf(line, named) !== null;
  return isRead ? quoted(line) : line;
}

function quoted(line: string): string {
  return line.startsWith(quote) ? line : `${quote}${line}`;
}

/** What stands between messages: notices, times, dates. */
function isNobodys(line: string): boolean {
  return notice.test(line) || onlyTime.test(line) || onlyDate.test(line);
}

function headingOf(
  line: string,
  named: ReadonlySet<string>,
): { readonly speaker: string; readonly rest: string } | null {
  const above = nameTime.exec(line)?.[1] ?? timeName.exec(line)?.[1];
  if (above !== undefined) return { speaker: above.replace(account, '').trim(), rest: '' };
  const marked = listMark.exec(line);
  const role = marked?.[1] ?? marked?.[2] ?? marked?.[3];
  if (role !== undefined && roleOf(role) !== null)
    return { speaker: role.trim(), rest: marked?.[4] ?? '' };
  const said = inline.exec(line);
  if (said?.[1] === undefined) return null;
  const [, name, rest = ''] = said;
  // 阳光（2024-03-05 10:21）：...
  const withTime = /^(.+?)[（(][^）)]*\d{1,2}:\d{2}[^）)]*[）)]$/u.exec(name)?.[1];
  if (withTime !== undefined) return { speaker: withTime, rest };
  // 体温：39 is what somebody says; a time before the name, or a name of a role, makes it a heading.
  const isHeading = roleOf(name) !== null || timeFirst.test(line) || named.has(name);
  return isHeading ? { speaker: name, rest } : null;
}

/**
 * Where a doctor is known, whoever else speaks is the patient's side; where the patient is, the doctor. Of
 * two unknown speakers the first asks and the second answers, but whoever is called 我 is the doctor whose chat
 * it is; without any names all is the patient's.
 */
function guess(
  speaker: string | null,
  unknown: readonly string[],
  known: ReadonlySet<TurnRole | null>,
): TurnRole {
  if (speaker === null || known.has('doctor')) return 'patient';
  if (known.has('patient')) return 'doctor';
  if (unknown.includes(self)) return speaker === self ? 'doctor' : 'patient';
  return unknown.length === 2 && unknown[1] === speaker ? 'doctor' : 'patient';
}

/** A message that is longer than a turn may be, as several; no character is cut in two. */
function inPieces(text: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length;) {
    let to = Math.min(text.length, from + maxTurnChars);
    if (to < text.length && /[\ud800-\udbff]/.test(text[to - 1] as string)) to--;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

/** As many turns as can be held: the last ones, but none with a danger sign goes before one without. */
function lastOf<T extends Turn>(
  turns: readonly T[],
  find: (text: string) => readonly unknown[],
): readonly T[] {
  let surplus = turns.length - maxTurns;
  if (surplus <= 0) return turns;
  const kept = turns.filter(({ text }) => surplus <= 0 || find(text).length > 0 || surplus-- <= 0);
  return kept.slice(-maxTurns);
}

function joinNeighbours<T extends Turn & { isGuess: boolean }>(turns: readonly T[]): T[] {
  const joined: T[] = [];
  for (const turn of turns) {
    const last = joined.at(-1);
    const together = last && last.role === turn.role && last.isGuess === turn.isGuess;
    if (together && last.text.length + turn.text.length < maxTurnChars)
      joined[joined.length - 1] = { ...last, text: `${last.text}\n${turn.text}` };
    else joined.push(turn);
  }
  return joined;
}
