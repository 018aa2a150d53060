/** Backups as the page knows them; main makes them. */
import type { BackupSchedule, BackupState, MadeBackup } from '@domain/contract/backup';
import type { Bridge } from '@domain/contract/ipc';
import { invoke } from '../../data/bridge';

export class BackupModel {
  readonly #bridge: Bridge;
  #state = $state.raw<BackupState | null>(null);
  #following = false;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** null until main has answered. */
  get state(): BackupState | null {
    return this.#state;
  }

  /** Follows main from now on. */
  async follow(): Promise<void> {
    if (this.#following) return;
    this.#following = true;
    this.#bridge.subscribe('backup.state', (state) => {
      this.#state = state;
    });
    this.#state = await invoke(this.#bridge, 'backup.state');
  }

  /** @throws AppError `BACKUP_PLACE_INSIDE` and others */
  choose(): Promise<void> {
    return invoke(this.#bridge, 'backup.choose');
  }

  setSchedule(schedule: BackupSchedule): Promise<void> {
    return invoke(this.#bridge, 'backup.schedule', { schedule });
  }

  /** @throws AppError of the backup */
  run(): Promise<MadeBackup> {
    return invoke(this.#bridge, 'backup.now');
  }

  /** Backups of this workstation that may still be read, newest first. */
  known(): Promise<readonly MadeBackup[]> {
    return invoke(this.#bridge, 'backup.known');
  }
}
