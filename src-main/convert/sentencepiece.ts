/**
 * Reads a SentencePiece model (`tokenizer.model`), a protobuf message, and puts together the vocabulary
 * that a GGUF needs. Field numbers: sentencepiece_model.proto of google/sentencepiece.
 */
import { AppError } from '../domain/contract/errors';
import type { Vocabulary } from './llama-file';

/** Numbers of SentencePiece's types, which GGUF took over. */
export const pieceTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 };

export interface SentencePieceModel {
  readonly pieces: readonly {
    readonly text: string;
    readonly score: number;
    readonly type: number;
  }[];
  readonly bos: number;
  readonly eos: number;
  readonly unknown: number;
  /** Whether a space is put before the text. */
  readonly dummyPrefix: boolean;
}

/** Most rows of an embedding that may stand for no token: checkpoints pad to a round number. */
export const mostPadding = 1024;
const bytePairs = 2;

/** @throws AppError `CHECKPOINT_INVALID` (what: tokenizer...), `CHECKPOINT_UNSUPPORTED` (what: tokenizer-...) */
export function readSentencePiece(bytes: Uint8Array): SentencePieceModel {
  const pieces: { text: string; score: number; type: number }[] = [];
  let modelType = 1;
  // The defaults of trainer_spec.
  const ids = { bos: 1, eos: 2, unknown: 0 };
  let dummyPrefix = true;
  let normalises = false;
  for (const { field, value } of fields(bytes)) {
    if (field === 1) pieces.push(readPiece(message(value)));
    if (field === 2) {
      for (const { field: of, value: given } of fields(message(value))) {
        if (of === 3) modelType = integer(given);
        if (of === 40) ids.unknown = integer(given);
        if (of === 41) ids.bos = integer(given);
        if (of === 42) ids.eos = integer(given);
      }
    }
    if (field === 3) {
      for (const { field: of, value: given } of fields(message(value))) {
        if (of === 2) normalises = message(given).length > 0;
        if (of === 3) dummyPrefix = integer(given) !== 0;
      }
    }
  }
  // The engine merges by scores, as a byte-pair model does, and has no table of normalisation.
  if (modelType !== bytePairs) throw unsupported('tokenizer-kind');
  if (normalises) throw unsupported('tokenizer-normaliser');
  if (ids.unknown < 0 || ids.unknown >= pieces.length) throw invalid('tokenizer-ids');
  return { pieces, ...ids, dummyPrefix };
}

function readPiece(bytes: Uint8Array): { text: string; score: number; type: number } {
  const piece = { text: '', score: 0, type: pieceTypes.normal };
  for (const { field, value } of fields(bytes)) {
    if (field === 1) piece.text = Buffer.from(message(value)).toString('utf8');
    if (field === 2) {
      const four = message(value);
      if (four.length !== 4) throw invalid('tokenizer-score');
      piece.score = new DataView(four.buffer, four.byteOffset).getFloat32(0, true);
    }
    if (field === 3) piece.type = integer(value);
  }
  if (piece.text === '' || piece.type < 1 || piece.type > 6) throw invalid('tokenizer-piece');
  return piece;
}

/**
 * The vocabulary with as many entries as the embedding has rows: SentencePiece's pieces, then the added
 * tokens at their numbers, then padding that no text becomes.
 *
 * Added tokens are control tokens here, so that the words `<human>` in a record stay words.
 * @param added content -> id, of `added_tokens.json` or `tokenizer_config.json`
 * @throws AppError `CHECKPOINT_INVALID` (what: tokenizer-longer, -shorter, -added, -repeated)
 */
export function vocabularyOf(
  model: SentencePieceModel,
  added: ReadonlyMap<string, number>,
  rows: number,
  ids: { readonly bos?: number | undefined; readonly eos?: number | undefined } = {},
): Vocabulary {
  if (model.pieces.length > rows) throw invalid('tokenizer-longer');
  const entries = [...model.pieces];
  for (let id = entries.length; id < rows; id++) {
    entries.push({ text: `[PAD${id}]`, score: -10_000, type: pieceTypes.unused });
  }
  for (const [text, id] of added) {
    const known = entries[id];
    if (!known || text === '') throw invalid('tokenizer-added');
    if (known.text === text) continue;
    if (known.type !== pieceTypes.unused) throw invalid('tokenizer-added');
    entries[id] = { text, score: -1_000, type: pieceTypes.control };
  }
  const padding = entries.filter(({ text }) => /^\[PAD\d+\]$/.test(text)).length;
  if (padding > mostPadding) throw invalid('tokenizer-shorter');
  // The engine aborts the process on a token that occurs twice.
  if (new Set(entries.map(({ text }) => text)).size !== entries.length) {
    throw invalid('tokenizer-repeated');
  }
  const { bos = model.bos, eos = model.eos } = ids;
  // A model may be without one (-1); then the configuration has to name it.
  if (bos < 0 || bos >= rows || eos < 0 || eos >= rows) throw invalid('tokenizer-ids');
  return {
    pieces: entries.map(({ text }) => text),
    scores: entries.map(({ score }) => score),
    types: entries.map(({ type }) => type),
    bos,
    eos,
    unknown: model.unknown,
    spacePrefix: model.dummyPrefix,
  };
}

// --- protobuf -----------------------------------------------------------------------------------

interface Field {
  readonly field: number;
  readonly value: number | Uint8Array;
}

function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw invalid('tokenizer');
      // Beyond 53 bits only negative numbers reach, which no field read here has.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw invalid('tokenizer');
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw invalid('tokenizer');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    const wire = key % 8;
    if (wire === 0) yield { field, value: varint() };
    else if (wire === 1) yield { field, value: take(8) };
    else if (wire === 2) yield { field, value: take(varint()) };
    else if (wire === 5) yield { field, value: take(4) };
    else throw invalid('tokenizer');
  }
}

function message(value: number | Uint8Array): Uint8Array {
  if (typeof value === 'number') throw invalid('tokenizer');
  return value;
}

/** An int32; negative ones are written as 64 bits, and only -1 occurs. */
function integer(value: number | Uint8Array): number {
  if (typeof value === 'number' && value >= 2 ** 63) return -1;
  if (typeof value !== 'number' || value > 0x7fff_ffff) throw invalid('tokenizer');
  return value;
}

function invalid(what: string): AppError {
  return new AppError('CHECKPOINT_INVALID', { params: { what } });
}

function unsupported(what: string): AppError {
  return new AppError('CHECKPOINT_UNSUPPORTED', { params: { what } });
}
