import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { isChatFile, readChatFile } from './chat-file';

const chat = '角色,内容\n患者,发烧\n医生,多少度';
const file = (bytes: Uint8Array | string): Blob => new Blob([bytes as BlobPart]);

describe('a chat that is dropped as a file', () => {
  it.each([
    ['UTF-8', file(chat)],
    ['UTF-8 with its mark', file(`\ufeff${chat}`)],
    ['GB18030', file(iconv.encode(chat, 'gb18030'))],
    ['UTF-16', file(iconv.encode(chat, 'utf-16le', { addBOM: true }))],
  ])('is read from %s', async (_, given) => {
    expect(await readChatFile(given)).toBe(chat);
  });

  it.each([
    ['nothing', file(''), 'FILE_EMPTY'],
    ['no text', file(Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0xff)), 'FILE_NOT_TEXT'],
    ['too much text', file('a'.repeat(2_000_001)), 'TEXT_TOO_LARGE'],
  ])('%s is refused', async (_, given, code) => {
    await expect(readChatFile(given)).rejects.toMatchObject({ code });
  });

  it('too large a file is refused before it is read', async () => {
    const arrayBuffer = () => Promise.reject(new Error('read'));
    await expect(readChatFile({ size: 9_000_000, arrayBuffer })).rejects.toMatchObject({
      code: 'FILE_TOO_LARGE',
    });
    await expect(readChatFile({ size: 9, arrayBuffer })).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    });
  });

  it('is known by its name', () => {
    for (const name of ['a.json', 'a.JSONL', '聊天.csv', 'a.tsv', 'a.txt'])
      expect(isChatFile({ name })).toBe(true);
    for (const name of ['a.docx', 'a.pdf', 'json', 'a.gguf', 'a.csv.zip'])
      expect(isChatFile({ name })).toBe(false);
  });
});
