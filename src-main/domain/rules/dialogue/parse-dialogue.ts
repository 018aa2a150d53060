/**
 * Pasted or exported chats into turns. Reads `患者：...` and `医生：...` in many spellings, with or without
 * times, and exports where a line with a name and a time stands above each message. What it cannot tell
 * it says: a person corrects roles, so nothing is guessed silently.
 */
import { maxTurnChars, maxTurns, type Turn, type TurnRole } from '../../contract/dialogue';

export interface ParsedDialogue {
  readonly turns: readonly (Turn & {
    /** The role was not written there, it was concluded. */
    readonly isGuess: boolean;
  })[];
  /** Pictures, voice messages, files and the like, which nobody can read here. */
  readonly placeholders: number;
  /** Names of speakers that mean no role by themselves, in the order in which they first speak. */
  readonly speakers: readonly string[];
  /** More turns than can be held: the first ones were left out. */
  readonly cut: boolean;
}

const patientNames =
  /^(?:患者|病人|家属|患儿家长|家长|患者家属|咨询者|用户|问诊人|病友|宝妈|我|客户|patient|user|human|q|问)(?:[（(].{0,12}[)）])?$/iu;
const doctorNames =
  /^(?:医生|医师|大夫|主任|医生助理|助理|护士|客服|药师|doctor|dr\.?|assistant|bot|a|答|.{1,4}(?:医生|医师|大夫|主任|教授|护士))(?:[（(].{0,12}[)）])?$/iu;

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
/** What messengers put in by themselves. */
const notice =
  /^(?:以上是打招呼的内容|.{0,20}撤回了一条消息|.{0,20}拍了拍.{0,20}|对方正在输入|以下为新消息|.{0,12}加入了?群聊)[.。…]*$/u;

interface Spoken {
  readonly speaker: string | null;
  readonly lines: string[];
}

export function parseDialogue(text: string): ParsedDialogue {
  let placeholders = 0;
  const spoken: Spoken[] = [];
  for (const raw of text.replace(/\r\n?|[\u2028\u2029]/g, '\n').split('\n')) {
    const line = raw.trim();
    if (notice.test(line) || onlyTime.test(line)) continue;
    const heading = headingOf(line);
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
  const messages = spoken.flatMap(({ speaker, lines }) => {
    const whole = lines.join('\n').trim();
    placeholders += whole.match(placeholder)?.length ?? 0;
    const words = whole.replace(placeholder, '').trim();
    // A message that was only a picture says something: that there is one.
    return whole === ''
      ? []
      : [{ speaker, text: (words === '' ? whole : words).slice(0, maxTurnChars) }];
  });
  const unknown = [
    ...new Set(
      messages.flatMap(({ speaker }) => (speaker && roleOf(speaker) === null ? [speaker] : [])),
    ),
  ];
  const turns = messages.map(({ speaker, text: said }, at) => {
    const known = speaker === null ? null : roleOf(speaker);
    const role = known ?? guess(speaker, unknown, at);
    return { role, text: said, isGuess: known === null };
  });
  const joined = joinNeighbours(turns);
  return {
    turns: joined.slice(-maxTurns),
    placeholders,
    speakers: unknown,
    cut: joined.length > maxTurns,
  };
}

/** The role that a speaker's name says, or null. */
export function roleOf(speaker: string): TurnRole | null {
  const name = speaker.trim();
  if (doctorNames.test(name)) return 'doctor';
  if (patientNames.test(name)) return 'patient';
  return null;
}

function headingOf(line: string): { readonly speaker: string; readonly rest: string } | null {
  const above = nameTime.exec(line)?.[1] ?? timeName.exec(line)?.[1];
  if (above !== undefined) return { speaker: above.trim(), rest: '' };
  const said = inline.exec(line);
  if (said?.[1] === undefined) return null;
  // 体温：39 is what somebody says; a time before the name, or a name of a role, makes it a heading.
  const isHeading = roleOf(said[1]) !== null || timeFirst.test(line);
  return isHeading ? { speaker: said[1], rest: said[2] ?? '' } : null;
}

/** The first of two unknown speakers asks, the second answers; without any names all is the patient's. */
function guess(speaker: string | null, unknown: readonly string[], at: number): TurnRole {
  if (speaker === null) return 'patient';
  if (unknown.length > 2) return 'patient';
  return unknown.indexOf(speaker) === 1 && at > 0 ? 'doctor' : 'patient';
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
