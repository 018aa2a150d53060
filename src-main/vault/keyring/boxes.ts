/**
 * The two ways in which the keyring closes a secret: under a key (AES-256-GCM, NIST SP 800-38D) and
 * for the holder of a private key (X25519 with a fresh sender key, HKDF-SHA256, AES-256-GCM; the
 * construction of ECIES). Both bind a context: a box that was moved somewhere else does not open.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const rawKeyBytes = 32;

/** DER before the 32 raw bytes of a key (RFC 8410). */
const derBefore = {
  ed25519: { private: '302e020100300506032b657004220420', public: '302a300506032b6570032100' },
  x25519: { private: '302e020100300506032b656e04220420', public: '302a300506032b656e032100' },
};
type Curve = keyof typeof derBefore;

/** @param raw 32 bytes; the caller wipes them */
export function privateKeyOf(curve: Curve, raw: Uint8Array): KeyObject {
  const der = Buffer.concat([Buffer.from(derBefore[curve].private, 'hex'), raw]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

/** @param hex 64 hexadecimal digits */
export function publicKeyOf(curve: Curve, hex: string): KeyObject {
  const der = Buffer.concat([Buffer.from(derBefore[curve].public, 'hex'), Buffer.from(hex, 'hex')]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

/** @returns 64 hexadecimal digits */
export function publicHexOf(key: KeyObject): string {
  const from = key.type === 'private' ? createPublicKey(key) : key;
  return from.export({ format: 'der', type: 'spki' }).subarray(-rawKeyBytes).toString('hex');
}

/** Closes a secret under a key. @returns nonce, ciphertext and tag, base64 */
export function seal(key: Uint8Array, secret: Uint8Array, context: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(context, 'utf-8'));
  const body = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64');
}

/** @returns null when the key or the context is another one, or the box was changed */
export function unseal(key: Uint8Array, sealed: string, context: string): Buffer | null {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.byteLength < nonceBytes + tagBytes) return null;
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(context, 'utf-8'));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  const secret = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
  try {
    return Buffer.concat([secret, decipher.final()]);
  } catch {
    return null;
  } finally {
    secret.fill(0);
  }
}

/** Closes a secret for whoever holds the private key. @returns sender's public key and box, base64 */
export function sealFor(recipientHex: string, secret: Uint8Array, context: string): string {
  const sender = generateKeyPairSync('x25519');
  const senderHex = publicHexOf(sender.publicKey);
  const key = agreedKey(sender.privateKey, publicKeyOf('x25519', recipientHex), {
    senderHex,
    recipientHex,
  });
  try {
    const box = Buffer.from(seal(key, secret, context), 'base64');
    return Buffer.concat([Buffer.from(senderHex, 'hex'), box]).toString('base64');
  } finally {
    key.fill(0);
  }
}

/** @returns null as `unseal` */
export function unsealWith(recipient: KeyObject, sealed: string, context: string): Buffer | null {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.byteLength < rawKeyBytes + nonceBytes + tagBytes) return null;
  const senderHex = bytes.subarray(0, rawKeyBytes).toString('hex');
  const recipientHex = publicHexOf(recipient);
  let key: Buffer;
  try {
    key = agreedKey(recipient, publicKeyOf('x25519', senderHex), { senderHex, recipientHex });
  } catch {
    // A sender's key of low order, which no honest sender makes.
    return null;
  }
  try {
    return unseal(key, bytes.subarray(rawKeyBytes).toString('base64'), context);
  } finally {
    key.fill(0);
  }
}

function agreedKey(
  privateKey: KeyObject,
  publicKey: KeyObject,
  parties: { readonly senderHex: string; readonly recipientHex: string },
): Buffer {
  const shared = diffieHellman({ privateKey, publicKey });
  try {
    const info = Buffer.from(`chimed/box/1/${parties.senderHex}/${parties.recipientHex}`, 'utf-8');
    return Buffer.from(hkdfSync('sha256', shared, Buffer.alloc(0), info, rawKeyBytes));
  } finally {
    shared.fill(0);
  }
}
