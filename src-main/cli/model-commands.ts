/** `chimed model inspect` and `chimed model verify`: what a file is, and whether it is sound. */
import { Cancelled } from '../domain/contract/rpc';
import { formatterFor, messagesFor, standingText } from '../domain/messages';
import { inspectGguf } from '../library/gguf-structure';
import type { GgufArray } from '../library/gguf-header';
import { readModelCard } from '../library/model-card';
import { verifyModel } from '../library/verify';
import { Interruption } from './interruption';
import { standardOutput } from './output';
import { alignedColumns } from './table';
import { exitCodes, locale, note, ProgressLine } from './terminal';

type Format = 'text' | 'json';

/** Longer texts of a header (chat templates) are cut for people, not in JSON. */
const shownChars = 100;

/**
 * Reads the header only, so that a 26 GB file costs no more than a small one.
 * @throws AppError of `inspectGguf`
 */
export async function inspectCommand(path: string, format: Format): Promise<number> {
  const { summary, header } = await inspectGguf(path);
  const byType: Record<string, { tensors: number; bytes: number }> = {};
  for (const { type, bytes } of header.tensors) {
    const sum = (byType[type.name] ??= { tensors: 0, bytes: 0 });
    sum.tensors++;
    sum.bytes += bytes;
  }
  if (format === 'json') {
    const metadata = Object.fromEntries([
      ...header.scalars,
      ...[...header.arrays].map(([key, array]) => [key, described(array)] as const),
    ]);
    await print(
      JSON.stringify({
        version: 1,
        ...summary,
        tensors: { count: header.tensors.length, byType },
        metadata,
      }),
    );
    return exitCodes.ok;
  }
  const texts = messagesFor(locale).modelFile;
  const { integer } = formatterFor(locale);
  const rows = [
    [texts.name, visible(summary.name)],
    [texts.architecture, summary.architecture],
    [texts.parameters, integer(summary.parameters)],
    [texts.quantization, summary.quantization],
    [texts.context, integer(summary.context)],
    [texts.layers, integer(summary.blocks)],
    [texts.attentionHeads, texts.heads(integer(summary.heads), integer(summary.kvHeads))],
    [texts.vocabulary, integer(summary.vocabulary)],
    [texts.size, integer(summary.fileSize)],
    ...Object.entries(byType).map(([type, { tensors, bytes }]) => [
      type,
      texts.tensors(integer(tensors), integer(bytes)),
    ]),
  ];
  const metadata = [
    ...[...header.scalars].map(([key, value]) => [visible(key), visible(String(value))]),
    ...[...header.arrays].map(([key, { count }]) => [visible(key), texts.items(integer(count))]),
  ];
  await print(
    [...alignedColumns(rows), '', texts.metadata, ...alignedColumns(metadata)].join('\n'),
  );
  return exitCodes.ok;
}

/**
 * Everything that is checked before the engine may load a file. Prints nothing unless all is well.
 * @returns the exit code: 0, or 130 or 143 where it was interrupted
 * @throws AppError of `verifyModel`
 */
export async function verifyCommand(path: string, format: Format): Promise<number> {
  const interruption = new Interruption();
  const progress = new ProgressLine();
  const texts = messagesFor(locale).modelFile;
  const { integer, percent } = formatterFor(locale);
  try {
    const { card } = await verifyModel(path, {
      signal: interruption.signal,
      onProgress: (done, total) => progress.show(percent(total === 0 ? 1 : done / total)),
    });
    progress.clear();
    const hasCard = (await readModelCard(path)) !== null;
    if (format === 'json') {
      await print(JSON.stringify({ version: 1, hasCard, card }));
      return exitCodes.ok;
    }
    const rows = [
      [texts.name, visible(card.name)],
      [texts.standing, standingText(locale, card)],
      [texts.parameters, integer(card.shape.parameters)],
      [texts.quantization, card.shape.quantization],
      [texts.size, integer(card.fileSize)],
      [texts.checksum, card.sha256],
      [texts.card, hasCard ? texts.cardMatches : texts.noCard],
    ];
    await print([...alignedColumns(rows), texts.verified].join('\n'));
    return exitCodes.ok;
  } catch (error) {
    progress.clear();
    if (!(error instanceof Cancelled) || interruption.exitCode === null) throw error;
    note(texts.interrupted);
    return interruption.exitCode;
  }
}

function described({ type, count, items }: GgufArray): unknown {
  // A vocabulary is kept as raw bytes and would fill the screen; few numbers are shown as they are.
  const few = items?.length === count && count <= 64 && items.every((n) => typeof n === 'number');
  return few ? items : { type, count };
}

/** A file's own words on a terminal: no control characters, and not pages of them. */
function visible(text: string): string {
  const plain = text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ');
  return plain.length > shownChars ? `${plain.slice(0, shownChars)}…` : plain;
}

function print(text: string): Promise<void> {
  return standardOutput().write(`${text}\n`);
}
