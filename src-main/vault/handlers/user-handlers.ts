/** What the page asks about people, the recovery key and the data key's change. */
import { AppError } from '../../domain/contract/errors';
import type { HandlersOf } from '../../domain/contract/ipc-handlers';
import type { KeyRotation } from '../key-rotation';
import type { VaultSession } from '../session';

export function userHandlers(
  vault: VaultSession,
  rotation: KeyRotation,
): HandlersOf<'recovery' | 'rotation' | 'users'> {
  return {
    'rotation.start': ({ passphrase }) => rotation.run(passphrase),
    'rotation.state': () => rotation.state,
    'rotation.seen': () => rotation.seen(),
    'recovery.renew': () => vault.renewRecovery(),
    'recovery.confirm': ({ answers }) => vault.confirmRecovery(answers),
    'users.list': () => [...vault.users],
    'users.names': () => [...vault.people],
    'users.add': ({ details, passphrase }) => vault.addUser(details, passphrase),
    'users.remove': async ({ id }) => {
      if (id === vault.user?.id) throw new AppError('BAD_REQUEST');
      await vault.removeUser(id);
    },
    'users.reset': ({ id, passphrase }) => vault.resetPassphrase(id, passphrase),
    'users.passphrase': ({ current, next }) => vault.changePassphrase(current, next),
  };
}
