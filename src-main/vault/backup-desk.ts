/**
 * Backups of this workstation: where they go, when the next one is due, and which ones were made. The
 * place is chosen in the system's dialog and kept here; the page never names a path.
 */
import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, dirname, relative, resolve, isAbsolute } from 'node:path';
import * as z from 'zod';
import {
  backupScheduleSchema,
  isBackupDue,
  madeBackupSchema,
  type BackupSchedule,
  type BackupState,
  type MadeBackup,
} from '../domain/contract/backup';
import { AppError, problemOf, type Problem } from '../domain/contract/errors';
import { systemCode, writeAtomically, writeProblem } from './files';

/** So many are remembered, the newest first. */
const mostKnown = 200;

const fileSchema = z.object({
  destination: z.string().min(1).nullable(),
  schedule: backupScheduleSchema,
  known: z.array(madeBackupSchema),
});
type DeskFile = z.infer<typeof fileSchema>;

export interface BackupDeskOptions {
  /** File that remembers the place and what was made. */
  readonly path: string;
  /** The program's own folder: no place for a backup. */
  readonly ownFolder: string;
  /** Makes a backup, verified. */
  make(destination: string): Promise<MadeBackup>;
  onState(state: BackupState): void;
  /** Defaults to the system's clock. */
  readonly now?: () => number;
}

export class BackupDesk {
  readonly #options: BackupDeskOptions;
  #file: DeskFile = { destination: null, schedule: 'off', known: [] };
  #running: Promise<MadeBackup> | null = null;
  #problem: Problem | null = null;

  constructor(options: BackupDeskOptions) {
    this.#options = options;
  }

  /** A missing or damaged file begins anew: it holds nothing that a person could not choose again. */
  async load(): Promise<void> {
    const text = await readFile(this.#options.path, 'utf-8').catch(() => '');
    try {
      this.#file = fileSchema.parse(JSON.parse(text));
    } catch {
      this.#file = { destination: null, schedule: 'off', known: [] };
    }
    this.#problem = null;
  }

  get state(): BackupState {
    const { destination, schedule, known } = this.#file;
    return {
      destination,
      schedule,
      running: this.#running !== null,
      last: known[0] ?? null,
      problem: this.#problem,
    };
  }

  /** @throws AppError `BACKUP_PLACE_INSIDE`, `DISK_FULL`, `STORE_WRITE_FAILED` */
  async choose(destination: string): Promise<void> {
    const inside = relative(resolve(this.#options.ownFolder), resolve(destination));
    if (!inside.startsWith('..') && !isAbsolute(inside)) throw new AppError('BACKUP_PLACE_INSIDE');
    await this.#keep({ ...this.#file, destination });
  }

  /** @throws AppError `DISK_FULL`, `STORE_WRITE_FAILED` */
  async setSchedule(schedule: BackupSchedule): Promise<void> {
    await this.#keep({ ...this.#file, schedule });
  }

  isDue(): boolean {
    const { destination, schedule, known } = this.#file;
    const now = (this.#options.now ?? Date.now)();
    return destination !== null && isBackupDue(schedule, known[0]?.createdAt ?? null, now);
  }

  /**
   * Makes a backup now; asked again meanwhile, it is the same one.
   *
   * @throws AppError `BAD_REQUEST` before a place was chosen; `BACKUP_PLACE_MISSING`; what `make`
   *   throws
   */
  run(): Promise<MadeBackup> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      this.#tell();
    });
    this.#tell();
    return this.#running;
  }

  /**
   * The known backups that still lie where they were made, or of which that cannot be told because
   * their disk is not there.
   */
  async known(): Promise<readonly MadeBackup[]> {
    const listed = new Map<string, ReadonlySet<string> | null>();
    for (const place of new Set(this.#file.known.map(({ folder }) => dirname(folder)))) {
      listed.set(
        place,
        await readdir(place).then(
          (names) => new Set(names),
          () => null,
        ),
      );
    }
    return this.#file.known.filter(
      ({ folder }) => listed.get(dirname(folder))?.has(basename(folder)) ?? true,
    );
  }

  async #run(): Promise<MadeBackup> {
    const { destination } = this.#file;
    try {
      if (destination === null) throw new AppError('BAD_REQUEST');
      await existing(destination);
      const made = await this.#options.make(destination);
      this.#problem = null;
      const known = [made, ...this.#file.known].slice(0, mostKnown);
      await this.#keep({ ...this.#file, known });
      return made;
    } catch (error) {
      this.#problem = problemOf(error);
      throw error;
    }
  }

  async #keep(file: DeskFile): Promise<void> {
    const bytes = new TextEncoder().encode(`${JSON.stringify(file, null, 1)}\n`);
    await writeAtomically(this.#options.path, bytes).catch((error: unknown) => {
      throw writeProblem(error);
    });
    this.#file = file;
    this.#tell();
  }

  #tell(): void {
    this.#options.onState(this.state);
  }
}

async function existing(destination: string): Promise<void> {
  try {
    if ((await stat(destination)).isDirectory()) return;
  } catch (error) {
    throw new AppError('BACKUP_PLACE_MISSING', {
      params: { system: systemCode(error) ?? 'unknown' },
    });
  }
  throw new AppError('BACKUP_PLACE_MISSING', { params: { system: 'ENOTDIR' } });
}
