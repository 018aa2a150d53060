/** The users of this workstation, for an administrator. */
import type { Bridge } from '@domain/contract/ipc';
import type { Policy } from '@domain/contract/policy';
import type { User, UserDetails } from '@domain/contract/vault';
import { invoke } from '../../data/bridge';

export class UsersState {
  readonly #bridge: Bridge;
  #users = $state.raw<readonly User[]>([]);
  #policy = $state.raw<Policy | null>(null);

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  get users(): readonly User[] {
    return this.#users;
  }

  /** What the information office has set; null until it is known. */
  get policy(): Policy | null {
    return this.#policy;
  }

  async load(): Promise<void> {
    this.#policy ??= await invoke(this.#bridge, 'policy.get');
    this.#users = await invoke(this.#bridge, 'users.list');
  }

  /** Names of everybody who ever had an account, by opaque id. */
  async names(): Promise<ReadonlyMap<string, string>> {
    const people = await invoke(this.#bridge, 'users.names');
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- a snapshot that never changes
    return new Map(people.map(({ id, name }) => [id, name]));
  }

  /** @throws AppError `STAFF_NUMBER_TAKEN`, or for a passphrase that is not taken */
  async add(details: UserDetails, passphrase: string): Promise<void> {
    await invoke(this.#bridge, 'users.add', { details, passphrase });
    await this.load();
  }

  /** @throws AppError `LAST_OF_ROLE` */
  async remove(id: string): Promise<void> {
    await invoke(this.#bridge, 'users.remove', { id });
    await this.load();
  }

  async reset(id: string, passphrase: string): Promise<void> {
    await invoke(this.#bridge, 'users.reset', { id, passphrase });
    await this.load();
  }
}
