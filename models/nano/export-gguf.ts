/**
 * Makes the GGUF of an exported checkpoint: `npx tsx models/nano/export-gguf.ts --from DIR --out FILE
 * [--type F16|Q8_0]`, then writes size, shape and hash into the card beside it and into the catalogue.
 */
import { createHash } from 'node:crypto';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { writeGguf, type GgufTensor } from '../../src-main/convert/gguf-writer';
import { llamaMetadata, llamaTensors, type LlamaShape } from '../../src-main/convert/llama-file';
import { toQ8Bytes } from '../../src-main/convert/q8';
import { readSafetensors } from '../../src-main/convert/safetensors';
import { tensorData } from '../../src-main/convert/tensor-data';

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
    type: { type: 'string', default: 'F16' },
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

const sha256 = createHash('sha256')
  .update(await readFile(out))
  .digest('hex');
const fileSize = (await stat(out)).size;
const parameters = tensors.reduce(
  (sum, { dims }) => sum + dims.reduce((product, n) => product * n, 1),
  0,
);
const cardPath = out.replace(/\.gguf$/, '.card.json');
const card: unknown = JSON.parse(
  await readFile(cardPath, 'utf8').catch(() =>
    readFile(join(import.meta.dirname, 'card.json'), 'utf8'),
  ),
);
const updated = {
  ...z.record(z.string(), z.unknown()).parse(card),
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
};
await writeFile(cardPath, `${JSON.stringify(updated, null, 2)}\n`);
console.log(JSON.stringify({ out, sha256, fileSize, parameters }));
