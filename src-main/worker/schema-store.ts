/**
 * Schemas of the hospital's own, as sealed rows of the journal: every saved change is a version, and
 * nothing is erased. Every method resolves when what it wrote is committed.
 */
import type { AnnotationSchema } from '../domain/contract/annotation-schema';
import { AppError } from '../domain/contract/errors';
import type { JournalRow } from '../domain/contract/record';
import {
  maxSchemaChars,
  schemaRowSchema,
  type SavedSchema,
  type SchemaDraft,
  type SchemaRow,
} from '../domain/contract/stored-schema';
import { checkSchema } from '../domain/rules/schema-check';
import type { Vault } from '../vault/vault';
import { latestRow, sealedRow, type Committed, type Stored } from './sealed-rows';
import { Turns } from './turns';

export interface SchemaStoreOptions {
  readonly vault: Vault;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Opaque id of who works with it; null where nobody signed in. */
  readonly userId: string | null;
}

export class SchemaStore {
  readonly #vault: Vault;
  readonly #now: () => number;
  readonly #userId: string | null;
  readonly #turns = new Turns();

  constructor({ vault, now, userId }: SchemaStoreOptions) {
    this.#vault = vault;
    this.#now = now;
    this.#userId = userId;
  }

  /**
   * Saves a schema as the version after `base`; the version that it carries itself does not count. One
   * that was deleted meanwhile is there again.
   *
   * @param base version that the change was begun from; 0 for a new schema
   * @throws AppError `SCHEMA_INVALID`; `VERSION_CONFLICT` when the newest version is another one; and
   *   what the journal throws
   */
  save(schema: AnnotationSchema, base: number): Promise<Committed & { readonly version: number }> {
    return this.#turns.take(schema.id, async () => {
      const [fault] = checkSchema(schema);
      if (fault) {
        const params = { at: fault.path.join('.'), why: fault.code };
        throw new AppError('SCHEMA_INVALID', { params });
      }
      if (JSON.stringify(schema).length > maxSchemaChars) {
        throw new AppError('SCHEMA_INVALID', { params: { at: 'size' } });
      }
      const stored = await this.#saved(schema.id);
      if ((stored?.value.schema.version ?? 0) !== base) throw new AppError('VERSION_CONFLICT');
      const version = base + 1;
      const at = this.#at(stored);
      const value: SavedSchema = {
        kind: 'schema',
        schema: { ...schema, version },
        createdAt: stored?.value.createdAt ?? at,
        updatedAt: at,
        deletedAt: null,
        ...this.#by(),
      };
      return { version, ...(await this.#append(schema.id, stored, value)) };
    });
  }

  /** Takes a schema off the lists. Already gone: nothing is written. @throws AppError `SCHEMA_UNKNOWN` */
  delete(id: string): Promise<Committed> {
    return this.#mark(id, ({ deletedAt }) => deletedAt ?? this.#now());
  }

  /** Takes back a deletion. @throws AppError `SCHEMA_UNKNOWN` */
  restore(id: string): Promise<Committed> {
    return this.#mark(id, () => null);
  }

  /** All that was ever saved of a schema, oldest first, still sealed. @throws what the journal throws */
  history(id: string): Promise<JournalRow[]> {
    return this.#vault.journal.versions('schema', id);
  }

  /** Keeps what a user was writing; null lets it go. One draft a user and schema. */
  keepDraft(schemaId: string, base: number, text: string | null): Promise<Committed> {
    const id = `draft-${this.#userId === null ? '' : `${this.#userId}-`}${schemaId}`;
    return this.#turns.take(id, async () => {
      const stored = await latestRow(this.#vault, 'schema', id, schemaRowSchema);
      if (text === null && stored?.value.kind === 'draft' && stored.value.text === null) {
        return { seq: stored.seq };
      }
      const at = this.#now();
      const value: SchemaDraft = { kind: 'draft', schemaId, base, text, at, ...this.#by() };
      return this.#append(id, stored, value);
    });
  }

  #mark(id: string, mark: (saved: SavedSchema) => number | null): Promise<Committed> {
    return this.#turns.take(id, async () => {
      const stored = await this.#saved(id);
      if (!stored) throw new AppError('SCHEMA_UNKNOWN', { params: { schema: id } });
      const deletedAt = mark(stored.value);
      if (deletedAt === stored.value.deletedAt) return { seq: stored.seq };
      const value: SavedSchema = {
        ...stored.value,
        deletedAt,
        updatedAt: this.#at(stored),
        // Of this version, not of the one before.
        by: this.#userId ?? undefined,
      };
      return this.#append(id, stored, value);
    });
  }

  async #saved(id: string): Promise<Stored<SavedSchema> | null> {
    const stored = await latestRow(this.#vault, 'schema', id, schemaRowSchema);
    if (!stored) return null;
    if (stored.value.kind !== 'schema') throw new AppError('STORE_CORRUPT');
    return { ...stored, value: stored.value };
  }

  /** A clock that was set back must not make a version look older than the one before. */
  #at(stored: Stored<SavedSchema> | null): number {
    return Math.max(this.#now(), stored?.value.updatedAt ?? 0);
  }

  #by(): Pick<SavedSchema, 'by'> {
    return this.#userId === null ? {} : { by: this.#userId };
  }

  async #append(
    id: string,
    stored: Stored<SchemaRow> | null,
    value: SchemaRow,
  ): Promise<Committed> {
    const key = stored?.key ?? (await this.#vault.takeKey());
    const row = sealedRow(key, 'schema', id, (stored?.version ?? 0) + 1, value);
    const [committed] = await this.#vault.journal.append([row]);
    if (!committed) throw new AppError('INTERNAL');
    return { seq: committed.seq };
  }
}
