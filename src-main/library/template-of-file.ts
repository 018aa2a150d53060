/** The prompt format that a model file brings: its template, and the tokens that this may name. */
import { AppError } from '../domain/contract/errors';
import type { ChatFormat } from '../domain/contract/prompt-format';
import { formatOfTemplate } from './chat-template';
import { tokensKey, tokenTypesKey, type GgufHeader } from './gguf-header';
import { templateProblem } from './template-fault';

/** Of llama.h's `llama_token_type`: tokens that the engine finds in a text before all others. */
const controlType = 3;
const userDefinedType = 4;

/** @throws AppError `TEMPLATE_UNUSABLE` (why) */
export function templateOf(header: GgufHeader): Promise<ChatFormat> {
  const template = header.scalars.get('tokenizer.chat_template');
  if (typeof template !== 'string') return Promise.reject(templateProblem('absent'));
  const tokens = header.arrays.get(tokensKey)?.items ?? [];
  const types = header.arrays.get(tokenTypesKey)?.items ?? [];
  // The reader keeps pieces as bytes.
  const textOf = (token: number | string): string =>
    Buffer.from(String(token), 'latin1').toString('utf8');
  const named = (key: string): string | null => {
    const token = tokens[Number(header.scalars.get(`tokenizer.ggml.${key}_token_id`) ?? -1)];
    return token === undefined ? null : textOf(token);
  };
  const special = tokens
    .filter((_, i) => types[i] === controlType || types[i] === userDefinedType)
    .map(textOf)
    // Some vocabularies have runs of white space of their own; those are text.
    .filter((text) => /[^\s\u2581]/.test(text));
  return formatOfTemplate(template, { special, bos: named('bos'), eos: named('eos') });
}

/** The prompt format that a file brings, or null where it has none that can be used. */
export async function usableTemplateOf(header: GgufHeader): Promise<ChatFormat | null> {
  try {
    return await templateOf(header);
  } catch (error) {
    if (error instanceof AppError && error.code === 'TEMPLATE_UNUSABLE') return null;
    throw error;
  }
}
