import { describe, expect, it } from 'vitest';
import { AppError } from '../../domain/contract/errors';
import { zipOf, type ZipPart } from '../fixtures/zip.fixture';
import { BoundedZip } from './bounded-zip';

/** Opens it and reads all of it. */
async function outcome(bytes: Buffer, limit = 1_000_000_000): Promise<unknown> {
  try {
    const zip = await BoundedZip.open(bytes);
    let read = 0;
    for (const name of zip.names) {
      for await (const piece of zip.stream(name, limit)) read += piece.length;
    }
    return read;
  } catch (error) {
    if (error instanceof AppError) return error.params?.['why'] ?? error.code;
    throw error;
  }
}

const part = (name: string, content: string | Uint8Array = '患者。'): ZipPart => ({
  name,
  content,
});

it('gives what it holds', async () => {
  const zip = await BoundedZip.open(zipOf([part('a.xml'), part('b/c.xml', 'x')]));
  expect(zip.names).toEqual(['a.xml', 'b/c.xml']);
  expect((await zip.read('a.xml', 100)).toString()).toBe('患者。');
  expect(zip.has('d')).toBe(false);
  expect(zip.size('b/c.xml')).toBe(1);
});

describe('a bomb is refused', () => {
  const blanks = Buffer.alloc(40_000_000, 0x20);

  it('that unfolds a thousandfold, as it says', async () => {
    expect(await outcome(zipOf([part('a.xml', blanks)]))).toBe('ratio');
  });

  it('that unfolds into more than it says, before more than that is unpacked', async () => {
    const lying = { ...part('a.xml', blanks), declared: 1000 };
    expect(await outcome(zipOf([lying]))).toBe('DOCUMENT_DAMAGED');
  });

  it('whose entry is larger than what it is read for', async () => {
    expect(await outcome(zipOf([part('a.xml', Buffer.alloc(10_001, 0x41))]), 10_000)).toBe('size');
  });

  it('whose entries lie over each other', async () => {
    const kernel = part(
      '0',
      Buffer.from(Array.from({ length: 30_000 }, (_, i) => (i * 7919) % 251)),
    );
    const rest = Array.from({ length: 500 }, (_, i) => ({
      ...kernel,
      name: String(i + 1),
      overlapping: true,
    }));
    expect(await outcome(zipOf([kernel, ...rest]))).toBe('size');
  });

  it('of more entries than any document has', async () => {
    const many = Array.from({ length: 10_001 }, (_, i) => part(String(i), ''));
    expect(await outcome(zipOf(many))).toBe('entries');
  });

  it('that says it holds gigabytes', async () => {
    const declared = Array.from({ length: 2 }, (_, i) => ({
      ...part(String(i), Buffer.alloc(100)),
      declared: 3_000_000_000,
    }));
    expect(await outcome(zipOf(declared))).toBe('ratio');
  });

  it('whose entries are small enough each, and too much together, before any is unpacked', async () => {
    // Each below what the ratio is looked at from: 4 GB are had by 250 of them.
    const small = Array.from({ length: 251 }, (_, i) => ({
      ...part(String(i)),
      declared: 16_000_000,
    }));
    expect(await outcome(zipOf(small.slice(0, 250)))).toBe('DOCUMENT_DAMAGED');
    expect(await outcome(zipOf(small))).toBe('size');
  });

  it('whose entry says that it is larger than what it is read for, before it is unpacked', async () => {
    const lying = { ...part('a.xml', 'x'), declared: 10_001 };
    expect(await outcome(zipOf([lying]), 10_000)).toBe('size');
    expect(await outcome(zipOf([lying]), 10_001)).toBe('DOCUMENT_DAMAGED');
  });

  it.each(['../../etc/passwd', '/etc/passwd'])('whose entry is called %s', async (name) => {
    expect(await outcome(zipOf([part(name)]))).toBe('names');
  });
});

it('entries that are encrypted are told from damage', async () => {
  expect(await outcome(zipOf([{ ...part('a.xml'), flags: 0x801 }]))).toBe('DOCUMENT_ENCRYPTED');
});

it('what is no zip, or half of one, is damaged', async () => {
  const whole = zipOf([part('a.xml', 'x'.repeat(1000)), part('b.xml')]);
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('PK\x03\x04'),
    whole.subarray(0, 60),
    whole.subarray(20),
  ]) {
    expect(await outcome(bytes)).toBe('DOCUMENT_DAMAGED');
  }
  const torn = Buffer.from(whole);
  torn.fill(0xff, 40, 45);
  expect(await outcome(torn)).toBe('DOCUMENT_DAMAGED');
});
