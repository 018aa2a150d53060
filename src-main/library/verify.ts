/** All that is checked of a model file before native code may load it. */
import { AppError } from '../domain/contract/errors';
import type { ModelFootprint } from '../domain/contract/fit';
import type { ModelCard } from '../domain/contract/model-card';
import { withProvenStanding } from './catalog';
import { inspectGguf, type GgufSummary } from './gguf-structure';
import { describeUnknownModel, readModelCard } from './model-card';
import { modelFootprint } from './model-footprint';
import { sha256OfFile, type HashOptions } from './sha256';
import { usableTemplateOf } from './template-of-file';

export interface VerifiedModel {
  readonly card: ModelCard;
  readonly summary: GgufSummary;
  readonly footprint: ModelFootprint;
}

/**
 * Structure first (it needs only the header), then the checksum against the card, if there is one.
 * A card that claims to be a release of ours is believed where the catalogue knows its hash.
 * A model without a card gets one made for it; its checksum is still taken, because runs are bound
 * to it.
 * @param hash how the checksum is come by. Defaults to reading the file
 * @throws AppError of `inspectGguf`, `MODEL_CARD_INVALID`, `MODEL_CHECKSUM`
 * @throws Cancelled
 */
export async function verifyModel(
  path: string,
  options: HashOptions = {},
  hash: () => Promise<string> = () => sha256OfFile(path, options),
): Promise<VerifiedModel> {
  const { summary, header } = await inspectGguf(path);
  const card = await readModelCard(path);
  // The size tells a wrong file at once, without reading gigabytes.
  if (card && card.fileSize !== summary.fileSize) throw new AppError('MODEL_CHECKSUM');
  const sha256 = await hash();
  if (card && card.sha256 !== sha256) throw new AppError('MODEL_CHECKSUM');
  return {
    card: card
      ? withProvenStanding(card)
      : describeUnknownModel(path, summary, sha256, await usableTemplateOf(header)),
    summary,
    footprint: modelFootprint(header, summary),
  };
}
