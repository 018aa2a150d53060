/** The border of the search: a query in, places in records out. */
import * as z from 'zod';

/** Longest query, UTF-16 code units. */
export const maxQueryChars = 10_000;
/** Most records of one answer. */
export const maxSearchHits = 1_000;

/** UTF-16 code units of the original text, end exclusive. */
export const searchSpanSchema = z.object({
  start: z.int().nonnegative(),
  end: z.int().positive(),
});
export type SearchSpan = z.infer<typeof searchSpanSchema>;

export const snippetPartSchema = z.object({ text: z.string(), found: z.boolean() });
export type SnippetPart = z.infer<typeof snippetPartSchema>;

export const searchHitSchema = z.object({
  recordId: z.string().min(1).max(128),
  title: z.array(snippetPartSchema),
  createdAt: z.number(),
  /** The query was its id, as an export has it. */
  byId: z.literal(true).optional(),
  /** Where in the text; null for a record whose title alone, or whose id, answers. */
  match: searchSpanSchema.nullable(),
  /** What stands around it; empty where `match` is null. */
  snippet: z.array(snippetPartSchema),
});
export type SearchHit = z.infer<typeof searchHitSchema>;

export const searchRequestSchema = z.object({
  query: z.string().max(maxQueryChars),
  limit: z.int().min(1).max(maxSearchHits),
  /** Where an earlier answer to the same query ended: goes on from there. */
  after: z.int().nonnegative().optional(),
});
export type SearchRequest = z.infer<typeof searchRequestSchema>;

export const searchResultSchema = z.object({
  /** For the next request; null when every record has been looked at. */
  next: z.int().nonnegative().nullable(),
  /** Records that could not be opened, and so not be searched. */
  unreadable: z.int().nonnegative(),
});
export type SearchResult = z.infer<typeof searchResultSchema>;
