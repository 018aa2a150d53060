/** The card beside a model file, and the card made for a model that came without one. */
import { basename, dirname, join } from 'node:path';
import { annotationSchemas, factAttributeSchema } from '../domain/contract/annotation-schema';
import { AppError } from '../domain/contract/errors';
import { modelCardSchema, type ModelCard } from '../domain/contract/model-card';
import { singleTurn, type ChatFormat } from '../domain/contract/prompt-format';
import { generalWindowChars, typedListInstruction } from '../domain/rules/typed-list/instruction';
import { recognised } from './catalog';
import { structureProblem } from './gguf-header';
import type { GgufSummary } from './gguf-structure';
import { chatFormat } from './prompt-formats';
import { openRegular } from './open-regular';
import { readProblem } from './sha256';

const maxCardBytes = 1024 * 1024;

/** `NAME.gguf` -> `NAME.card.json`, in the same folder. */
export function cardPathOf(modelPath: string): string {
  return join(dirname(modelPath), `${basename(modelPath).replace(/\.gguf$/i, '')}.card.json`);
}

/**
 * The card beside a model, or null where there is none.
 * @throws AppError `MODEL_CARD_INVALID` with the first wrong field, `FILE_UNREADABLE`
 */
export async function readModelCard(modelPath: string): Promise<ModelCard | null> {
  const text = await readCardText(cardPathOf(modelPath));
  if (text === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new AppError('MODEL_CARD_INVALID', { params: { field: 'JSON' }, cause: error });
  }
  const parsed = modelCardSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new AppError('MODEL_CARD_INVALID', { params: { field: field === '' ? 'card' : field } });
}

async function readCardText(path: string): Promise<string | null> {
  try {
    const { file, size } = await openRegular(path);
    try {
      if (size > maxCardBytes) {
        throw new AppError('MODEL_CARD_INVALID', { params: { field: 'size' } });
      }
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    const problem = readProblem(error, 'MODEL_MISSING');
    if (problem instanceof AppError && problem.code === 'MODEL_MISSING') return null;
    throw problem;
  }
}

/** Trained contexts beyond this cost memory at every start and no window needs them. */
const widestContext = 8192;
/** The card's own smallest context. */
const narrowestContext = 64;

/**
 * The card for a GGUF without one: the strategy that needs no training, any schema. A model with the
 * shape of a published one is prompted, and trusted with jobs, like that one. Any other is prompted in the
 * format that its file brings, or else in that of ChiMed-GPT's README, and only extracts.
 * @param template the file's own format, if it has a usable one
 * @throws AppError `MODEL_STRUCTURE` where its context is too small to be of use
 */
export function describeUnknownModel(
  path: string,
  summary: GgufSummary,
  sha256: string,
  template: ChatFormat | null = null,
): ModelCard {
  if (summary.context < narrowestContext) throw structureProblem('context_length');
  const context = Math.min(summary.context, widestContext);
  const known = recognised(summary);
  const fileName = basename(path).replace(/\.gguf$/i, '');
  return {
    card: 1,
    id: slugOf(fileName),
    name: summary.name === '' ? fileName : summary.name,
    standing: 'imported',
    description: known
      ? {
          'zh-CN': `外部导入的模型，没有模型卡；结构与 ${known.name} 相同，不能证明就是它。${known.notes['zh-CN']}`,
          en: `An imported model without a card. It has the shape of ${known.name}, which does not prove that it is. ${known.notes.en}`,
        }
      : {
          'zh-CN': '外部导入的模型，没有模型卡；来源、许可与效果未知。',
          en: 'An imported model without a card; its source, licence and quality are unknown.',
        },
    source: basename(path),
    licence: 'unknown',
    sha256,
    fileSize: summary.fileSize,
    shape: {
      architecture: summary.architecture,
      parameters: summary.parameters,
      blocks: summary.blocks,
      embedding: summary.embedding,
      heads: summary.heads,
      kvHeads: summary.kvHeads,
      feedForward: summary.feedForward,
      vocabulary: summary.vocabulary,
      quantization: summary.quantization,
    },
    context,
    promptFormat: singleTurn(
      known ? chatFormat(known.promptFormat) : (template ?? chatFormat('chimed-readme')),
    ),
    strategies: [
      {
        kind: 'typed-list',
        instruction: typedListInstruction,
        normalisation: 'none',
        // A quarter for the window leaves room for the instruction and a list as long as the window.
        windowChars: Math.max(8, Math.min(generalWindowChars, Math.floor(context / 4))),
      },
    ],
    capabilities: {
      schemas: annotationSchemas.map((schema) => schema.id),
      anySchema: true,
      attributes: [...factAttributeSchema.options],
      tasks: known ? [...known.tasks] : ['extraction'],
    },
  };
}

/** A card id out of a file name; names without any Latin letter become `model`. */
function slugOf(fileName: string): string {
  const slug = fileName
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return slug === '' ? 'model' : slug;
}
