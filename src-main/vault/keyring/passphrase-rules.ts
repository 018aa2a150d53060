/** Which new passphrases are taken. Length counts, not kinds of characters (NIST SP 800-63B, 5.1.1). */
import { AppError } from '../../domain/contract/errors';
import { maxPassphraseChars } from '../../domain/contract/vault';

/** Code points. */
export const minPassphraseChars = 10;

/** What is tried first, and what a desktop in a hospital is likely to be given. */
const common = new Set([
  '0123456789',
  '1234567890',
  '12345678910',
  '9876543210',
  'password12',
  'password123',
  'password1234',
  'admin12345',
  'administrator',
  'qwertyuiop',
  'qwerty12345',
  'woaini1314',
  'woaini520520',
  'iloveyou123',
  'a123456789',
  'abc1234567',
  'abcd123456',
  'aa12345678',
  'asdfghjkl;',
  '1q2w3e4r5t',
  '1qaz2wsx3edc',
  'yiyuan12345',
  'yisheng12345',
]);

/**
 * @throws AppError `PASSPHRASE_TOO_SHORT`, `PASSPHRASE_TOO_LONG`, `PASSPHRASE_COMMON` for one that is
 *   on the list above, repeats or counts on, or is made of the user's own name or staff number
 */
export function checkNewPassphrase(
  passphrase: string,
  user: { readonly name: string; readonly staffNumber: string },
): void {
  if (passphrase.length > maxPassphraseChars) {
    throw new AppError('PASSPHRASE_TOO_LONG', { params: { limit: maxPassphraseChars } });
  }
  const plain = passphrase.normalize('NFKC').toLowerCase();
  if ([...plain].length < minPassphraseChars) {
    throw new AppError('PASSPHRASE_TOO_SHORT', { params: { least: minPassphraseChars } });
  }
  const rest = [user.name, user.staffNumber]
    .map((own) => own.normalize('NFKC').toLowerCase())
    .reduce((left, own) => (own.length < 3 ? left : left.replaceAll(own, '')), plain);
  if (common.has(plain) || [...rest].length < minPassphraseChars / 2 || isMonotonous(plain)) {
    throw new AppError('PASSPHRASE_COMMON');
  }
}

/** One or two characters all through, or each the next (or the one before) of its neighbour. */
function isMonotonous(text: string): boolean {
  if (new Set(text).size < 3) return true;
  const steps = Array.from(text).map((char, at, all) => {
    const before = all[at - 1];
    return before === undefined ? null : (char.codePointAt(0) ?? 0) - (before.codePointAt(0) ?? 0);
  });
  const [, first] = steps;
  return (first === 1 || first === -1) && steps.slice(1).every((step) => step === first);
}
