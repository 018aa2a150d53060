/** Files that are something else under a text file's name, known by their first bytes. */

const ascii = (text: string): readonly number[] => Array.from(text, (char) => char.charCodeAt(0));

/** Signatures that no text begins with. */
const signatures: readonly (readonly number[])[] = [
  [...ascii('PK'), 3, 4], // zip: docx, xlsx, jar
  [...ascii('PK'), 5, 6], // an empty zip
  ascii('%PDF-'),
  ascii('{\\rtf'), // text, but of control words: the words of the record lie between them
  [0x89, ...ascii('PNG')],
  [0xff, 0xd8, 0xff], // JPEG
  ascii('GIF8'),
  ascii('GGUF'),
  [0x7f, ...ascii('ELF')],
  [0x1f, 0x8b], // gzip
  [...ascii('7z'), 0xbc, 0xaf],
  [...ascii('Rar!'), 0x1a],
  [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], // OLE: doc, xls
  ascii('SQLite format 3'),
  [0xcf, 0xfa, 0xed, 0xfe], // Mach-O
  [0xca, 0xfe, 0xba, 0xbe], // Mach-O, Java
];

/** Bytes 128-131 of a DICOM file. */
const dicom = ascii('DICM');

export function isBinaryFormat(bytes: Uint8Array): boolean {
  const hasAt = (signature: readonly number[], at: number): boolean =>
    signature.every((byte, i) => bytes[at + i] === byte);
  if (signatures.some((signature) => hasAt(signature, 0))) return true;
  if (hasAt(dicom, 128)) return true;
  // 'MZ' may begin a text; a DOS or Windows program has NULs in its 64-byte header, a text has not.
  return hasAt(ascii('MZ'), 0) && bytes.subarray(0, 64).includes(0);
}
