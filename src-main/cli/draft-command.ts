/** `chimed draft`: danger signs of a conversation, and draft replies to it. */
import * as z from 'zod';
import {
  turnSchema,
  maxTurns,
  type DraftRequest,
  type DraftResult,
  type Turn,
  type TurnPlace,
} from '../domain/contract/dialogue';
import { AppError, problemOf, type Problem } from '../domain/contract/errors';
import { Cancelled } from '../domain/contract/rpc';
import { messagesFor } from '../domain/messages';
import { signNames } from '../domain/rules/danger-signs/lexicon';
import { signsInDialogue } from '../domain/rules/danger-signs/signs-in-dialogue';
import { readUtf8 } from '../documents/read-utf8';
import { draftReplies } from '../tasks/dialogue/draft';
import { Interruption } from './interruption';
import { openModel, type ModelChoice } from './open-model';
import { standardOutput } from './output';
import { readRecordText } from './record-text';
import { exitCodes, locale, report, withMessage } from './terminal';

export interface DraftOptions
  extends
    ModelChoice,
    Pick<DraftRequest, 'purpose' | 'tone' | 'length' | 'candidates' | 'askBack'> {
  readonly record?: string;
  readonly format: 'text' | 'json';
}

const maxDialogueBytes = 20_000_000;
const dialogueSchema = z.object({ turns: z.array(turnSchema).min(1).max(maxTurns) });

/**
 * Danger signs are told even where nothing can be drafted: they need no model.
 *
 * @returns the exit code: 0 drafted; 1 not, the signs and a problem are printed; 130 or 143 interrupted
 * @throws AppError `DIALOGUE_INVALID` and of reading the files
 */
export async function draftCommand(
  path: string,
  options: DraftOptions,
  modelsDir: string,
): Promise<number> {
  const turns = await readDialogue(path);
  const record =
    options.record === undefined ? undefined : { text: await readRecordText(options.record) };
  const withText = <T extends TurnPlace>(place: T): T & { text: string } => ({
    ...place,
    text: (turns[place.turn]?.text ?? '').slice(place.start, place.end),
  });
  const dangerSigns = signsInDialogue(turns).map(({ parts, ...sign }) => ({
    ...withText(sign),
    name: signNames(sign.signId)[locale],
    ...(parts ? { parts: parts.map(withText) } : {}),
  }));
  const interruption = new Interruption();
  const { signal } = interruption;
  let problem: Problem | undefined;
  let candidates: DraftResult['candidates'] = [];
  let rest: Partial<Pick<DraftResult, 'model' | 'usage'>> = {};
  try {
    const { model, card } = await openModel(options, modelsDir, signal);
    const { purpose, tone, length, askBack } = options;
    const result = await draftReplies(
      {
        ...{ turns, purpose, tone, length, askBack, candidates: options.candidates },
        ...(record ? { record } : {}),
      },
      { model, card, signal },
    );
    candidates = result.candidates;
    rest = { model: result.model, usage: result.usage };
  } catch (error) {
    if (error instanceof Cancelled && interruption.exitCode !== null) return interruption.exitCode;
    problem = problemOf(error);
  }
  const texts = messagesFor(locale).draft;
  const output = {
    ...{ version: 1, state: 'machine-draft', notice: texts.notice },
    ...{ dangerSigns, candidates, ...rest, ...withMessage(problem) },
  };
  if (options.format === 'json') {
    await standardOutput().write(`${JSON.stringify(output)}\n`);
  } else {
    const signs = [...new Set(dangerSigns.map(({ name }) => name))];
    const lines = [
      ...(signs.length > 0 ? [texts.signs(signs.join(locale === 'zh-CN' ? '、' : ', '))] : []),
      ...(candidates.length > 0 ? [texts.notice] : []),
      ...candidates.flatMap(({ text }, at) => ['', texts.candidate(String(at + 1)), text]),
    ];
    if (lines.length > 0) await standardOutput().write(`${lines.join('\n')}\n`);
    if (problem) report(problem, path);
  }
  return problem ? exitCodes.failed : exitCodes.ok;
}

/** @throws AppError of `readUtf8`; `DIALOGUE_INVALID` with the field, never its words */
async function readDialogue(path: string): Promise<Turn[]> {
  const json = await readUtf8(path, maxDialogueBytes);
  if (json === null) throw new AppError('DIALOGUE_INVALID', { params: { field: 'UTF-8' } });
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // Not kept as the cause: the parser's message quotes the file.
    throw new AppError('DIALOGUE_INVALID', { params: { field: 'JSON' } });
  }
  const parsed = dialogueSchema.safeParse(value);
  if (parsed.success) return parsed.data.turns;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || 'turns';
  const limit = issue?.code === 'too_big' ? { limit: Number(issue.maximum) } : {};
  throw new AppError('DIALOGUE_INVALID', { params: { field, ...limit } });
}
