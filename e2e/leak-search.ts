/** Looks for words that must be nowhere, in every form in which a program or a browser writes words. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import iconv from 'iconv-lite';

/** Base64 letters that stand for a stretch of bytes wherever it begins in what was encoded. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const letters = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // The outermost letters also carry bits of the neighbours.
    return letters.slice(
      before === 0 ? 0 : before + 1,
      -1 - ((before + bytes.length) % 3 === 0 ? 0 : 1),
    );
  });
}

/** Each way in which a text may be written, by name. */
export function writtenForms(text: string): Map<string, Buffer[]> {
  const utf8 = Buffer.from(text, 'utf8');
  const percent = encodeURIComponent(text);
  const escaped = [...text]
    .map((letter) => {
      const code = letter.codePointAt(0) ?? 0;
      return code < 128 ? letter : `\\u${code.toString(16).padStart(4, '0')}`;
    })
    .join('');
  const ascii = (...forms: string[]): Buffer[] => forms.map((form) => Buffer.from(form, 'latin1'));
  return new Map([
    ['UTF-8', [utf8]],
    ['UTF-16LE', [Buffer.from(text, 'utf16le')]],
    ['UTF-16BE', [Buffer.from(text, 'utf16le').swap16()]],
    ['GBK', [iconv.encode(text, 'gbk')]],
    ['percent', ascii(percent, percent.toLowerCase())],
    ['JSON', ascii(escaped)],
    ['hexadecimal', ascii(utf8.toString('hex'), utf8.toString('hex').toUpperCase())],
    ['base64', ascii(...base64Forms(utf8), ...base64Forms(Buffer.from(text, 'utf16le')))],
  ]);
}

/**
 * Where any of the texts is written: `file: form` for a file's content, `file: name` for its path, and
 * `output: form` for what the program printed.
 */
export async function findLeaks(
  folders: readonly string[],
  output: Buffer,
  texts: readonly string[],
): Promise<string[]> {
  const forms = texts.flatMap((text) => [...writtenForms(text)]);
  const found = new Set<string>();
  const look = (place: string, bytes: Buffer): void => {
    for (const [form, needles] of forms)
      if (needles.some((needle) => bytes.includes(needle))) found.add(`${place}: ${form}`);
  };
  look('output', output);
  for (const folder of folders) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (texts.some((text) => path.includes(text))) found.add(`${path}: name`);
      if (entry.isFile()) look(path, await readFile(path));
    }
  }
  return [...found].sort();
}
