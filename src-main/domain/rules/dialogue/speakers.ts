/** Names before a colon that are people who speak, not what a message writes a colon behind. */
import type { TurnRole } from '../../contract/dialogue';

const patientNames =
  /^(?:患者(?:提问|追问|咨询)?|患|病人|家属|患儿家长|家长|患者家属|咨询者|用户|问诊人|病友|宝妈|客户|患儿|病患|咨询人|求助者|patient|user|human|client|q|问)(?:[（(].{0,12}[)）])?$/iu;
const doctorNames =
  /^(?:医|(?:医生|医师|大夫)(?:回复|回答|答复)?|主任|医生助理|助理|护士|客服|药师|doctor|dr\.?|physician|nurse|assistant|bot|gpt|a|答|.{1,4}(?:医生|医师|大夫|主任|教授|护士))(?:[（(].{0,12}[)）])?$/iu;

/** 体温：39, 既往史：无, 早上：咳 */
const noPerson =
  /(?:史|检查|检验|化验|结果|结论|情况|诊断|时间|日期|电话|地址|网址|链接|血压|体温|血糖|血氧|心率|脉搏|呼吸|体重|身高|年龄|性别|姓名|科室|医院|药|药名|剂量|用法|用量|处方|症状|主诉|建议|提示|提醒|备注|注意|注|原因|问题|指标|数值|常规|功能|报告|早上|中午|晚上|夜里|白天|上午|下午|今天|昨天|前天|饭前|饭后|另外|比如|例如|总之|https?|ps)$/iu;
const labelled = /^([^\s：:，。,.!?！？；;（()）\d]{1,12})\s*[：:]\s*(.*)$/u;

/** Who exported the chat of their own messenger: a doctor, most likely. */
export const self = '我';

/** The role that a speaker's name says, or null. */
export function roleOf(speaker: string): TurnRole | null {
  const name = speaker.trim();
  if (doctorNames.test(name)) return 'doctor';
  if (patientNames.test(name)) return 'patient';
  return null;
}

/** Whether a name is what a message writes a colon behind: 体温, 既往史. */
export function isNoPerson(name: string): boolean {
  return noPerson.test(name);
}

/**
 * A name is a speaker's when it stands alone on its line beside another speaker, when it comes again, or
 * when it is the one who answers somebody whose role is known, or oneself, and nobody else does.
 *
 * @param lines trimmed
 * @param roleOf the role that a name says by itself, or null
 */
export function speakersIn(
  lines: readonly string[],
  roleOf: (name: string) => TurnRole | null,
): ReadonlySet<string> {
  const counts = new Map<string, { times: number; alone: number }>();
  const roles = new Set<TurnRole>();
  for (const line of lines) {
    const [, name, rest] = labelled.exec(line) ?? [];
    if (name === undefined) continue;
    const role = roleOf(name);
    if (role !== null) roles.add(role);
    else if (!isNoPerson(name)) {
      const count = counts.get(name) ?? { times: 0, alone: 0 };
      counts.set(name, {
        times: count.times + 1,
        alone: count.alone + (rest === '' ? 1 : 0),
      });
    }
  }
  const lacksOne = roles.size === 1 || (roles.size === 0 && counts.has(self));
  const speakers = [...counts].filter(
    ([, { times, alone }]) =>
      times > 1 || lacksOne || (alone > 0 && (roles.size > 0 || counts.size > 1)),
  );
  return new Set(speakers.map(([name]) => name));
}
