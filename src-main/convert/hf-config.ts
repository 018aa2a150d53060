/** `config.json` of a Llama checkpoint as Transformers writes it, checked and in the words of a GGUF. */
import * as z from 'zod';
import { AppError } from '../domain/contract/errors';
import type { LlamaShape } from './llama-file';

const count = z.int().positive().max(1_048_576);

const configSchema = z.object({
  architectures: z.array(z.string()).nullish(),
  model_type: z.string().nullish(),
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: z.int().positive().max(512),
  num_attention_heads: z.int().positive().max(1024),
  num_key_value_heads: z.int().positive().max(1024).nullish(),
  head_dim: count.nullish(),
  max_position_embeddings: count,
  rms_norm_eps: z.number().positive().max(1),
  rope_theta: z.number().positive().nullish(),
  rope_scaling: z.record(z.string(), z.unknown()).nullish(),
  rope_parameters: z.record(z.string(), z.unknown()).nullish(),
  tie_word_embeddings: z.boolean().nullish(),
  vocab_size: count,
  hidden_act: z.string().nullish(),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
  bos_token_id: z.int().nonnegative().nullish(),
  eos_token_id: z.union([z.int().nonnegative(), z.array(z.int().nonnegative()).min(1)]).nullish(),
});

/** What a GGUF of the checkpoint has, but for its name and the type of its weights. */
export type CheckpointShape = Required<Omit<LlamaShape, 'name' | 'weights'>> & {
  readonly vocabulary: number;
  readonly bos: number | undefined;
  readonly eos: number | undefined;
};

/**
 * @param text content of `config.json`
 * @throws AppError `CHECKPOINT_INVALID` (what: config, field), `CHECKPOINT_UNSUPPORTED` (what)
 */
export function readCheckpointConfig(text: string): CheckpointShape {
  const config = parse(text);
  const architecture = config.architectures?.[0] ?? config.model_type ?? '';
  if (!['LlamaForCausalLM', 'LLaMAForCausalLM', 'llama'].includes(architecture)) {
    throw unsupported('architecture');
  }
  if ((config.hidden_act ?? 'silu') !== 'silu') throw unsupported('hidden_act');
  if (config.attention_bias === true) throw unsupported('attention_bias');
  if (config.mlp_bias === true) throw unsupported('mlp_bias');
  const heads = config.num_attention_heads;
  const kvHeads = config.num_key_value_heads ?? heads;
  const embedding = config.hidden_size;
  if (embedding % heads !== 0 || (embedding / heads) % 2 !== 0)
    throw invalid('num_attention_heads');
  if (heads % kvHeads !== 0) throw invalid('num_key_value_heads');
  if ((config.head_dim ?? embedding / heads) !== embedding / heads) throw unsupported('head_dim');
  const { eos_token_id: eos } = config;
  return {
    embedding,
    blocks: config.num_hidden_layers,
    heads,
    kvHeads,
    feedForward: config.intermediate_size,
    context: config.max_position_embeddings,
    ...rope(config),
    normEpsilon: config.rms_norm_eps,
    tied: config.tie_word_embeddings ?? false,
    vocabulary: config.vocab_size,
    bos: config.bos_token_id ?? undefined,
    eos: (Array.isArray(eos) ? eos[0] : eos) ?? undefined,
  };
}

type Config = z.infer<typeof configSchema>;

function parse(text: string): Config {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new AppError('CHECKPOINT_INVALID', { params: { what: 'config' }, cause: error });
  }
  const parsed = configSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues[0]?.path.join('.') || 'JSON');
}

/** Only what divides positions by a number is the same in the engine; other scalings are not taken. */
function rope(config: Config): { ropeBase: number; ropeFactor: number } {
  // Transformers 5 put both into `rope_parameters`.
  const given = { ...config.rope_scaling, ...config.rope_parameters };
  const kind = given['rope_type'] ?? given['type'] ?? 'default';
  const base = config.rope_theta ?? given['rope_theta'] ?? 10_000;
  const factor = given['factor'] ?? 1;
  if (typeof base !== 'number' || !(base > 0 && base < Infinity)) throw invalid('rope_theta');
  if (kind === 'default') return { ropeBase: base, ropeFactor: 1 };
  if (kind !== 'linear') throw unsupported('rope_scaling');
  if (typeof factor !== 'number' || !(factor >= 1 && factor < Infinity)) {
    throw invalid('rope_scaling.factor');
  }
  return { ropeBase: base, ropeFactor: factor };
}

function invalid(field: string): AppError {
  return new AppError('CHECKPOINT_INVALID', { params: { what: 'config', field } });
}

function unsupported(what: string): AppError {
  return new AppError('CHECKPOINT_UNSUPPORTED', { params: { what } });
}
