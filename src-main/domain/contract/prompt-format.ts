/** How a model is spoken to, as data: what stands before, between and after the words of people. */
import * as z from 'zod';

/**
 * A prompt is a list of parts. Text parts and slots are tokenised as plain text, so that nothing a
 * record contains can become a control token; only a `token` part names a control token, and the
 * `task` slot holds the one that the strategy gives for the asked schema.
 */
export const promptPartSchema = z.union([
  z.object({ text: z.string() }),
  z.object({ slot: z.enum(['instruction', 'task', 'input']) }),
  z.object({ token: z.string() }),
]);
export type PromptPart = z.infer<typeof promptPartSchema>;

/** What a format itself says: plain text, and control tokens by their name. */
export const pieceSchema = z.union([
  z.object({ text: z.string().max(4096) }),
  z.object({ token: z.string().min(1).max(256) }),
]);
export type Piece = z.infer<typeof pieceSchema>;

const piecesSchema = z.array(pieceSchema).max(64);

/** A conversation: what stands around what is said. The words themselves are always plain text. */
export const turnsSchema = z.object({
  /** `after` leads up to the first question. Null: a system text is put before the first question. */
  system: z.object({ before: piecesSchema, after: piecesSchema }).nullable(),
  /** Before the first question, where there is no system text. */
  firstUser: piecesSchema,
  /** From the end of a question to where the model writes. */
  toAnswer: piecesSchema,
  /** From the end of an earlier question to its answer. Defaults to `toAnswer`. */
  toPastAnswer: piecesSchema.optional(),
  /** From the end of an answer to the next question. */
  toNextUser: piecesSchema,
});
export type Turns = z.infer<typeof turnsSchema>;

export const chatFormatSchema = z.object({
  id: z.string().min(1),
  name: z.object({ 'zh-CN': z.string(), en: z.string() }),
  /** Where the format was read. */
  source: z.string(),
  bos: z.boolean(),
  turns: turnsSchema,
});
export type ChatFormat = z.infer<typeof chatFormatSchema>;

export const promptFormatSchema = z.object({
  id: z.string().min(1),
  bos: z.boolean(),
  parts: z
    .array(promptPartSchema)
    .min(1)
    .refine(
      (parts) => parts.filter((part) => 'slot' in part && part.slot === 'input').length === 1,
      {
        message: 'a prompt format holds the input exactly once',
      },
    ),
  /** Of a model that can be talked to; a specialist has none. */
  turns: turnsSchema.optional(),
});
export type PromptFormat = z.infer<typeof promptFormatSchema>;

/** One question and its answer: the instruction, a line end, the input. */
export function singleTurn({ id, bos, turns }: ChatFormat): PromptFormat {
  return {
    id,
    bos,
    parts: [
      ...turns.firstUser,
      { slot: 'instruction' },
      { text: '\n' },
      { slot: 'input' },
      ...turns.toAnswer,
    ],
    turns,
  };
}

/** Why the template inside a model file cannot be used. */
export const templateFaults = [
  /** The file has none. */
  'absent',
  'too-long',
  /** It is no Jinja, or refuses a plain conversation. */
  'fails',
  'too-slow',
  'too-much-memory',
  /** It leaves out, changes, repeats or reacts to what people say. */
  'changes-words',
] as const;
