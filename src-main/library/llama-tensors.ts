/** The tensors of a `llama` file against the shape that its metadata declares. */
import { structureProblem, type GgufHeader } from './gguf-header';

export interface LlamaShape {
  readonly blocks: number;
  readonly embedding: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly feedForward: number;
  readonly vocabulary: number;
}

/**
 * Every weight is there with exactly its dimensions, and norms are F32 (the engine multiplies with
 * them element by element and asserts on anything else).
 * @throws AppError `MODEL_STRUCTURE` with the tensor's name in `what`
 */
export function checkLlamaTensors(header: GgufHeader, shape: LlamaShape): void {
  const tensors = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
  const { blocks, embedding, heads, kvHeads, feedForward, vocabulary } = shape;
  const epsilon = header.scalars.get('llama.attention.layer_norm_rms_epsilon');
  if (typeof epsilon !== 'number' || !(epsilon > 0 && epsilon < 1)) {
    throw structureProblem('layer_norm_rms_epsilon');
  }
  const keyLength = headLength(header, 'key_length', embedding / heads);
  const valueLength = headLength(header, 'value_length', embedding / heads);
  const rotated = header.scalars.get('llama.rope.dimension_count') ?? keyLength;
  if (rotated !== keyLength) throw structureProblem('rope.dimension_count');

  const has = (name: string, ...dims: number[]): void => {
    const found = tensors.get(name);
    // A vector may be written with one dimension or with rows of one.
    const same =
      found &&
      dims.every((length, i) => found.dims[i] === length) &&
      found.dims.slice(dims.length).every((length) => length === 1);
    if (!same) throw structureProblem(name);
    if (dims.length === 1 && found.type.name !== 'F32') throw structureProblem(name);
  };
  has('token_embd.weight', embedding, vocabulary);
  has('output_norm.weight', embedding);
  if (tensors.has('output.weight')) has('output.weight', embedding, vocabulary);
  const isMixture = Number(header.scalars.get('llama.expert_count') ?? 0) > 0;
  for (let i = 0; i < blocks; i++) {
    const name = (part: string): string => `blk.${i}.${part}.weight`;
    has(name('attn_norm'), embedding);
    has(name('attn_q'), embedding, heads * keyLength);
    has(name('attn_k'), embedding, kvHeads * keyLength);
    has(name('attn_v'), embedding, kvHeads * valueLength);
    has(name('attn_output'), heads * valueLength, embedding);
    has(name('ffn_norm'), embedding);
    // The experts of a mixture have tensors of their own, with three dimensions.
    if (isMixture) continue;
    has(name('ffn_gate'), embedding, feedForward);
    has(name('ffn_up'), embedding, feedForward);
    has(name('ffn_down'), feedForward, embedding);
  }
}

/** Elements of one head; even, because positions are rotated in pairs. */
function headLength(header: GgufHeader, key: string, usual: number): number {
  const value = header.scalars.get(`llama.attention.${key}`) ?? usual;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 2 || value % 2 !== 0) {
    throw structureProblem(key);
  }
  return value;
}
