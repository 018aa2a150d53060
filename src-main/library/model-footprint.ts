/** What a GGUF's own list of tensors says about the memory that the model will take. */
import type { ModelFootprint } from '../domain/contract/fit';
import type { GgufHeader, GgufTensorInfo } from './gguf-header';
import type { GgufSummary } from './gguf-structure';

/**
 * Architectures for which the engine computes attention the long way (source: node-llama-cpp's
 * GgufInsights.flashAttentionSupported).
 */
const withoutFlashAttention: ReadonlySet<string> = new Set(['grok', 'gemma2']);

/** Sums a sound file up; `header` and `summary` are of one `inspectGguf`. */
export function modelFootprint(header: GgufHeader, summary: GgufSummary): ModelFootprint {
  const number = (key: string, usual: number): number => {
    const value = header.scalars.get(`${summary.architecture}.${key}`);
    return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : usual;
  };
  const headLength = number('attention.key_length', summary.embedding / summary.heads);
  const valueHeadLength = number('attention.value_length', headLength);
  const experts = number('expert_count', 0);
  const expertsUsed = experts > 0 ? number('expert_used_count', experts) : 0;

  const layerBytes = new Array<number>(summary.blocks).fill(0);
  let inputBytes = 0;
  let outputBytes = 0;
  let readBytes = 0;
  let largestFeedForwardBytes = 0;
  let largestAttentionBytes = 0;
  let output: GgufTensorInfo | undefined;
  let input: GgufTensorInfo | undefined;
  for (const tensor of header.tensors) {
    const { name, bytes } = tensor;
    const block = /^blk\.(\d+)\./.exec(name);
    if (name === 'output.weight') output = tensor;
    if (block) {
      const layer = Math.min(Number(block[1]), summary.blocks - 1);
      layerBytes[layer] = (layerBytes[layer] as number) + bytes;
      if (name.includes('ffn')) largestFeedForwardBytes = Math.max(largestFeedForwardBytes, bytes);
      else largestAttentionBytes = Math.max(largestAttentionBytes, bytes);
      // Of a mixture, a token reads the experts that it is sent to.
      readBytes += name.includes('_exps') ? (bytes * expertsUsed) / experts : bytes;
    } else if (name.startsWith('token_')) {
      if (name === 'token_embd.weight') input = tensor;
      inputBytes += bytes;
    } else {
      outputBytes += bytes;
      readBytes += bytes;
    }
  }
  // Without an output matrix the engine multiplies with the table of token vectors, of which it
  // keeps a second copy on a GPU, and on a CPU where it repacks the weights (measured).
  const sharedBytes = output ? 0 : (input?.bytes ?? 0);
  const isRepacked = (input?.type.block ?? 1) > 1;
  return {
    parameters: summary.parameters,
    embedding: summary.embedding,
    queryLength: summary.heads * headLength,
    heads: summary.heads,
    keyLength: summary.kvHeads * headLength,
    valueLength: summary.kvHeads * valueHeadLength,
    headLength,
    feedForward: Math.max(
      summary.feedForward,
      expertsUsed * number('expert_feed_forward_length', summary.feedForward),
    ),
    vocabulary: summary.vocabulary,
    trainedContext: summary.context,
    flashAttention:
      headLength === valueHeadLength && !withoutFlashAttention.has(summary.architecture),
    inputBytes,
    outputBytes: {
      onCpu: outputBytes + (isRepacked ? sharedBytes : 0),
      onGpu: outputBytes + sharedBytes,
    },
    layerBytes,
    largestFeedForwardBytes,
    largestAttentionBytes,
    readBytes: Math.round(readBytes + sharedBytes),
  };
}
