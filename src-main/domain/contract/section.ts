/** A section of a record: 主诉, 现病史, 既往史 and so on. */
import * as z from 'zod';

const offset = z.int().nonnegative();

export const sectionSchema = z.object({
  /** Canonical name; facts carry it. */
  name: z.string().min(1).max(40),
  /** Where the heading begins, and where the next section does. */
  start: offset,
  end: offset,
  /** Where the text behind the heading begins; `start` where there is none. */
  body: offset,
});
export type Section = z.infer<typeof sectionSchema>;

/** Stored when a doctor corrected what was detected; bound to one version of the text. */
export const storedSectionsSchema = z.object({
  recordId: z.string().min(1).max(128),
  textSha256: z.string(),
  sections: z.array(sectionSchema).max(2000),
  at: z.number(),
  by: z.string().max(128).optional(),
});
export type StoredSections = z.infer<typeof storedSectionsSchema>;
