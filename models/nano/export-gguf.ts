/**
 * Makes the GGUF of an exported checkpoint: `npx tsx models/nano/export-gguf.ts --from WORK/export --out
 * FILE [--type Q8_0|F16]`, and its card beside it, from `card.json`, without scores: they belong to the
 * file that was measured. Of the file that ships it also writes the entry of the catalogue and the
 * windows that it is tested with.
 */
import { copyFile, open, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { writeGguf, type GgufTensor } from '../../src-main/convert/gguf-writer';
import { llamaMetadata, llamaTensors, type LlamaShape } from '../../src-main/convert/llama-file';
import { toQ8Bytes } from '../../src-main/convert/q8';
import { readSafetensors } from '../../src-main/convert/safetensors';
import { tensorData } from '../../src-main/convert/tensor-data';
import { modelCardSchema } from '../../src-main/domain/contract/model-card';
import { catalogSchema } from '../../src-main/library/catalog';
import { cardPathOf } from '../../src-main/library/model-card';
import { sha256OfFile } from '../../src-main/library/sha256';

const tokenizerSchema = z.object({
  pieces: z.array(z.string()),
  types: z.array(z.int()),
  bos: z.int(),
  eos: z.int(),
  shape: z.object({
    embedding: z.int(),
    blocks: z.int(),
    heads: z.int(),
    feedForward: z.int(),
    context: z.int(),
  }),
});

const { values } = parseArgs({
  options: {
    from: { type: 'string' },
    out: { type: 'string' },
    type: { type: 'string', default: 'Q8_0' },
  },
});
const { from, out, type } = values;
if (!from || !out || (type !== 'F16' && type !== 'Q8_0')) {
  throw new Error('--from DIR --out FILE [--type F16|Q8_0]');
}

const tokenizer = tokenizerSchema.parse(
  JSON.parse(await readFile(join(from, 'tokenizer.json'), 'utf8')),
);
const shape: LlamaShape = { name: 'ChiMed Nano', weights: type, ...tokenizer.shape };
const vocabulary = {
  pieces: tokenizer.pieces,
  // No piece is longer than a character, so nothing merges and the order of scores means nothing.
  scores: tokenizer.types.map((kind, i) => (kind === 1 ? -i : 0)),
  types: tokenizer.types,
  bos: tokenizer.bos,
  eos: tokenizer.eos,
  spacePrefix: false,
};
const weightsPath = join(from, 'model.safetensors');
const stored = await readSafetensors(weightsPath);
const tensors = llamaTensors(shape, vocabulary.pieces.length);
const weights = await open(weightsPath, 'r');

async function* bytesOf(tensor: GgufTensor): AsyncGenerator<Uint8Array> {
  const found = stored.get(tensor.name);
  // PyTorch gives the slowest dimension first, GGUF the fastest.
  if (!found || [...found.shape].reverse().join() !== tensor.dims.join()) {
    throw new Error(`${tensor.name}: not in the checkpoint in this shape`);
  }
  if (tensor.type === 'F16') yield* tensorData(weights, found, 'F16');
  else {
    for await (const piece of tensorData(weights, found, 'F32')) {
      yield tensor.type === 'Q8_0' ? toQ8Bytes(new Float32Array(piece.buffer)) : piece;
    }
  }
}

await writeGguf(out, llamaMetadata(shape, vocabulary), tensors, bytesOf);
await weights.close();

const sha256 = await sha256OfFile(out);
const fileSize = (await stat(out)).size;
const parameters = tensors.reduce(
  (sum, { dims }) => sum + dims.reduce((product, n) => product * n, 1),
  0,
);
const described = z
  .record(z.string(), z.unknown())
  .parse(JSON.parse(await readFile(join(import.meta.dirname, 'card.json'), 'utf8')));
const card = modelCardSchema.parse({
  ...described,
  scores: undefined,
  sha256,
  fileSize,
  shape: {
    architecture: 'llama',
    parameters,
    blocks: shape.blocks,
    embedding: shape.embedding,
    heads: shape.heads,
    kvHeads: shape.heads,
    feedForward: shape.feedForward,
    vocabulary: vocabulary.pieces.length,
    quantization: type,
  },
  context: shape.context,
});
await writeJson(cardPathOf(out), card);
const models = join(import.meta.dirname, '..');
if (resolve(out) === join(models, 'default.gguf')) {
  const { id, name, licence } = card;
  const entry = { id, name, kind: 'built-in', file: 'default.gguf', fileSize, sha256, licence };
  const path = join(models, 'catalog.json');
  const known = catalogSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  const others = known.models.filter((model) => model.id !== id);
  await writeJson(path, { ...known, models: [entry, ...others] });
  await copyFile(join(from, 'windows.json'), join(import.meta.dirname, 'fixtures/windows.json'));
}
console.log(JSON.stringify({ out, sha256, fileSize, parameters }));

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
