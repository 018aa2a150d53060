/** The vocabulary of a GGUF file, as far as the engine relies on it without looking. */
import { structureProblem, tokensKey, type GgufHeader } from './gguf-header';

const maxVocabulary = 1_000_000;
const stringType = 8;

/**
 * @returns the number of tokens
 * @throws AppError `MODEL_STRUCTURE`
 */
export function checkTokenizer(header: GgufHeader): number {
  const tokens = header.arrays.get(tokensKey);
  if (!tokens || tokens.type !== stringType || !tokens.items) throw structureProblem('tokens');
  const { count, items } = tokens;
  if (count < 1 || count > maxVocabulary) throw structureProblem('tokens');
  // The engine asserts that tokens are distinct; it renames empty ones first.
  const named = items.filter((item) => item !== '');
  const distinct = new Set(named);
  if (distinct.size !== named.length) throw structureProblem('tokens-repeated');
  for (const key of ['scores', 'token_type']) {
    const array = header.arrays.get(`tokenizer.ggml.${key}`);
    if (array && array.count !== count) throw structureProblem(`tokenizer-${key}`);
  }
  const model = header.scalars.get('tokenizer.ggml.model');
  if (typeof model !== 'string') throw structureProblem('tokenizer-model');
  if (model === 'llama') {
    if (!header.arrays.has('tokenizer.ggml.scores')) throw structureProblem('tokenizer-scores');
    if (!header.arrays.has('tokenizer.ggml.token_type'))
      throw structureProblem('tokenizer-token_type');
    checkByteFallback(distinct);
  }
  const size = header.scalars.get(
    `${String(header.scalars.get('general.architecture'))}.vocab_size`,
  );
  if (size !== undefined && size !== count) throw structureProblem('vocab_size');
  for (const [key, value] of header.scalars) {
    if (!/^tokenizer\.ggml\..+_token_id$/.test(key)) continue;
    // Converters write 2^32 - 1 for a token that the model does not have.
    const absent = value === -1 || value === 0xffff_ffff;
    const required = key.endsWith('.bos_token_id') || key.endsWith('.eos_token_id');
    const within =
      typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < count;
    if (!within && (required || !absent))
      throw structureProblem(key.slice('tokenizer.ggml.'.length));
  }
  return count;
}

/** A byte without a token throws in native code at the first text that has it. */
function checkByteFallback(tokens: ReadonlySet<number | string>): void {
  for (let byte = 0; byte < 256; byte++) {
    const hex = byte.toString(16).toUpperCase().padStart(2, '0');
    if (!tokens.has(`<0x${hex}>`) && !tokens.has(String.fromCharCode(byte))) {
      throw structureProblem('byte-tokens');
    }
  }
}
