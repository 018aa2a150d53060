/**
 * The recovery key as words (BIP-39): 128 random bits and a checksum, as twelve words. The same key
 * has its words in Chinese (one character each) and in English; either set opens the vault.
 */
import { randomBytes } from 'node:crypto';
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist as english } from '@scure/bip39/wordlists/english.js';
import { wordlist as chinese } from '@scure/bip39/wordlists/simplified-chinese.js';
import { AppError } from '../../domain/contract/errors';
import type { RecoveryWords } from '../../domain/contract/vault';

/** Bytes of a recovery key. */
export const recoveryBytes = 16;
const wordCount = 12;

export function newRecoveryKey(): Buffer {
  return randomBytes(recoveryBytes);
}

export function wordsOf(recovery: Uint8Array): RecoveryWords {
  return {
    'zh-CN': entropyToMnemonic(recovery, chinese).split(' '),
    en: entropyToMnemonic(recovery, english).split(' '),
  };
}

/**
 * Reads words as a person types them: any spacing or punctuation between them, full width, capitals;
 * Chinese words also without anything between.
 *
 * @throws AppError `RECOVERY_WORDS_INVALID`: `reason` says whether it is the number of words, a word
 *   that is in neither list (`at`, counted from 1), or the checksum
 */
export function readWords(typed: string): Buffer {
  const words = typed
    .normalize('NFKC')
    .toLowerCase()
    .replace(/(\p{Script=Han})/gu, ' $1 ')
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '');
  const list = words.some((word) => /\p{Script=Han}/u.test(word)) ? chinese : english;
  const unknown = words.findIndex((word) => !list.includes(word));
  if (unknown >= 0) {
    throw new AppError('RECOVERY_WORDS_INVALID', { params: { reason: 'word', at: unknown + 1 } });
  }
  if (words.length !== wordCount) {
    throw new AppError('RECOVERY_WORDS_INVALID', {
      params: { reason: 'count', got: words.length, wanted: wordCount },
    });
  }
  try {
    return Buffer.from(mnemonicToEntropy(words.join(' '), list));
  } catch {
    // The cause is dropped: the library may quote the words.
    throw new AppError('RECOVERY_WORDS_INVALID', { params: { reason: 'checksum' } });
  }
}
