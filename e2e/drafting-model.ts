/** A small model whose card names drafting: it recites replies of ours, in several wordings. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cardPathOf } from '../src-main/library/model-card';
import { modelCardSchema } from '../src-main/domain/contract/model-card';
import { writeScriptedModel } from './fixtures/scripted-model';
import { writeTestCard } from './fixtures/test-models';
import { makeVocabulary } from './fixtures/vocabulary';

/** Ends what a patient says so that the model answers it, at some length. */
export const shortCue = '孩子发烧三天';
export const longCue = '请说得长一些';

/** Each place of a reply that can be said in two ways. */
const ways = [
  ['您好，请多休息，', '您好，先不要着急，'],
  ['多喝温水。', '饮食清淡。'],
  ['可用布洛芬混悬液，每次5ml，每6小时一次。', '体温高时物理降温。'],
  ['孩子青霉素过敏请告知医生。', '孩子青霉素过敏就诊时要说。'],
  ['三天后复诊。', '加重随时来医院。'],
] as const;
/** Long enough that somebody can stop it. */
const longReply = Array.from({ length: 60 }, (_, at) => `第${at + 10}条请照做。`).join('');

/** @returns path of the model, its card beside it */
export async function writeDraftingModel(folder: string): Promise<string> {
  const path = join(folder, 'drafting.gguf');
  const replies = ways.reduce<string[]>(
    (texts, [one, other]) => texts.flatMap((text) => [`${text}${one}`, `${text}${other}`]),
    [''],
  );
  await writeScriptedModel(
    path,
    makeVocabulary([...replies, longReply].join(''), { merged: false }),
    [
      ...replies.map((say) => ({ after: `${shortCue.slice(-5)}\n[bot]:`, say })),
      { after: `${longCue.slice(-5)}\n[bot]:`, say: longReply },
    ],
    { seed: 5, context: 4096, mayBranch: true },
  );
  await writeTestCard(path, 1200);
  const card = modelCardSchema.parse(JSON.parse(await readFile(cardPathOf(path), 'utf8')));
  const named = {
    ...card,
    id: 'test-drafting',
    name: 'Drafting Test',
    capabilities: { ...card.capabilities, tasks: ['extraction', 'dialogue'] },
  };
  await writeFile(cardPathOf(path), JSON.stringify(named));
  return path;
}
