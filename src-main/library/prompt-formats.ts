/** The prompt formats that this program knows (`resources/prompt-formats`). */
import chatml from '../../resources/prompt-formats/chatml.json' with { type: 'json' };
import chimedReadme from '../../resources/prompt-formats/chimed-readme.json' with { type: 'json' };
import llama2 from '../../resources/prompt-formats/llama-2.json' with { type: 'json' };
import llama3 from '../../resources/prompt-formats/llama-3.json' with { type: 'json' };
import ziya from '../../resources/prompt-formats/ziya.json' with { type: 'json' };
import { chatFormatSchema, singleTurn, type ChatFormat } from '../domain/contract/prompt-format';

export const chatFormats: readonly ChatFormat[] = [chimedReadme, ziya, chatml, llama2, llama3].map(
  (format) => chatFormatSchema.parse(format),
);

/** @throws Error where there is no such format: ids come from our own data */
export function chatFormat(id: string): ChatFormat {
  const found = chatFormats.find((format) => format.id === id);
  if (!found) throw new Error(`no prompt format ${id}`);
  return found;
}

/** The format of ChiMed-GPT's own README: `[human]:…\n[bot]:`. */
export const chimedPromptFormat = singleTurn(chatFormat('chimed-readme'));
