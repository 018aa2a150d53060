/** From a passphrase to a key: Argon2id (RFC 9106) over its NFKC form. */
import { argon2id } from 'hash-wasm';
import * as z from 'zod';
import { AppError } from '../../domain/contract/errors';
import { maxPassphraseChars } from '../../domain/contract/vault';

/**
 * Cost of one try. Upper bounds, because the numbers come from a file: a damaged one must not make
 * the program reserve a terabyte or think for a year.
 */
export const kdfSchema = z.object({
  id: z.literal('argon2id'),
  memoryKiB: z.int().min(8).max(1_048_576),
  iterations: z.int().min(1).max(32),
  parallelism: z.int().min(1).max(4),
  /** 16 bytes, hexadecimal. */
  salt: z.string().regex(/^[0-9a-f]{32}$/),
});
export type Kdf = z.infer<typeof kdfSchema>;
export type KdfCost = Omit<Kdf, 'salt' | 'id'>;

/** About 0.3 s on a desktop of today (OWASP asks for 46 MiB and one pass, or more). */
export const passphraseCost: KdfCost = { memoryKiB: 65_536, iterations: 3, parallelism: 1 };

/** How long a key is that wraps others, bytes. */
export const wrappingKeyBytes = 32;

/**
 * The key that a passphrase stands for. The caller wipes it.
 *
 * NFKC, so that a passphrase typed with full-width digits, or on another system's keyboard, is the
 * same one.
 *
 * @throws AppError `PASSPHRASE_TOO_LONG`
 */
export async function deriveKey(passphrase: string, kdf: Kdf): Promise<Uint8Array> {
  if (passphrase.length > maxPassphraseChars) {
    throw new AppError('PASSPHRASE_TOO_LONG', { params: { limit: maxPassphraseChars } });
  }
  const password = new TextEncoder().encode(passphrase.normalize('NFKC'));
  try {
    // An empty passphrase is a wrong one; the library would call it a wrong argument.
    if (password.byteLength === 0) throw new AppError('PASSPHRASE_WRONG');
    return await argon2id({
      password,
      salt: Buffer.from(kdf.salt, 'hex'),
      memorySize: kdf.memoryKiB,
      iterations: kdf.iterations,
      parallelism: kdf.parallelism,
      hashLength: wrappingKeyBytes,
      outputType: 'binary',
    });
  } finally {
    password.fill(0);
  }
}
