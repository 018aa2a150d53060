/**
 * Measures models on annotated records: the worker reads the records and scores, the model host
 * extracts. Nothing that is found is stored anywhere.
 */
import { AppError } from '../../domain/contract/errors';
import type {
  Configuration,
  Evaluation,
  EvaluationOrder,
  Gold,
} from '../../domain/contract/evaluation';
import type { RunIdentity } from '../../domain/contract/extraction';
import { Cancelled, type Handlers } from '../../domain/contract/rpc';
import type { WorkerMethods } from '../../domain/contract/worker-port';
import { evaluateNer, scoredTypes } from '../../evaluation/ner-evaluation';
import { schemaOf } from '../../tasks/extraction/extract';
import type { Vault } from '../../vault/vault';
import type { Extractor } from '../batch/extractor';
import { goldFile, signedRecords, type GoldOptions, type GoldStandard } from './gold';
import { signedCounts } from './signed-counts';

export interface EvaluationParts {
  /** Folder of the program's own label mappings. */
  readonly labelsDir: string;
  /** Asks the model host behind everything that is interactive. */
  readonly extractor: Pick<Extractor, 'standing' | 'extract'>;
  /** The file of a ticket. @throws AppError `SAVE_EXPIRED` */
  pathOf(ticket: string): string;
  /** @throws AppError why it is not open */
  vault(): Promise<Vault>;
}

type EvaluationMethod = Extract<keyof WorkerMethods, `evaluation.${string}`>;
/** Settings that could quote a schema's examples, which may come from a record. */
const kept = (setting: string): boolean => setting !== 'instruction' && setting !== 'derived';

export class EvaluationService {
  readonly #parts: EvaluationParts;

  constructor(parts: EvaluationParts) {
    this.#parts = parts;
  }

  readonly handlers: Pick<Handlers<WorkerMethods>, EvaluationMethod> = {
    'evaluation.examine': async ({ ticket, labels }, { signal }) =>
      (await this.#file({ ticket, labels }, { signal })).about,
    'evaluation.signed': async (_nothing, { signal }) =>
      signedCounts(await this.#parts.vault(), signal),
    'evaluation.run': async (order, { signal, emit }) => {
      const gold = await this.#gold(order, signal);
      for (const { model } of order.configurations) {
        const standing = this.#parts.extractor.standing(model.sha256);
        if ('problem' in standing) throw new AppError(standing.problem.code);
      }
      const evaluations: Evaluation[] = [];
      for (const [at, configuration] of order.configurations.entries()) {
        const tell = (done: number): void => emit({ configuration: at, done, total: gold.records });
        tell(0);
        evaluations.push(await this.#evaluate(order, configuration, gold, { signal, tell }));
      }
      return { version: 1, gold: order.gold.kind, evaluations };
    },
  };

  /** @throws AppError of `evaluation.run` */
  async #evaluate(
    { schema, definition }: EvaluationOrder,
    { model, approach }: Configuration,
    gold: GoldStandard,
    { signal, tell }: { readonly signal: AbortSignal; readonly tell: (done: number) => void },
  ): Promise<Evaluation> {
    let ran: RunIdentity | null = null;
    const report = await evaluateNer(gold.read(), {
      ...{ schema, definition, model },
      mapping: gold.mapping,
      extract: async (text, { sections }) => {
        const result = await this.#parts.extractor.extract(
          {
            ...{ text, schema, model: model.sha256 },
            ...(definition ? { definition } : {}),
            ...(approach ? { approach } : {}),
            ...(sections ? { sections: [...sections] } : {}),
          },
          signal,
        );
        ran ??= result.run;
        // Figures of two ways of running are figures of neither.
        if (JSON.stringify(ran) !== JSON.stringify(result.run)) {
          throw new AppError('EVALUATION_RUN_CHANGED');
        }
        return result;
      },
      onProgress: tell,
    });
    // After the last record, too, an evaluation that was cancelled has no result.
    if (signal.aborted) throw new Cancelled();
    return { approach: approachOf(ran), report };
  }

  /** @throws AppError `EVALUATION_NOTHING_TO_SCORE` and what reading throws */
  async #gold(order: EvaluationOrder, signal: AbortSignal): Promise<GoldStandard> {
    const schema = schemaOf(order);
    const options = { limit: order.limit, signal };
    const gold =
      order.gold.kind === 'file'
        ? await this.#file(order.gold, options)
        : await signedRecords(await this.#parts.vault(), schema, options);
    if (gold.records === 0 || scoredTypes(schema, gold.mapping).length === 0) {
      throw new AppError('EVALUATION_NOTHING_TO_SCORE');
    }
    return gold;
  }

  #file(
    { ticket, labels }: Omit<Extract<Gold, { kind: 'file' }>, 'kind'>,
    options: GoldOptions,
  ): ReturnType<typeof goldFile> {
    const { pathOf, labelsDir } = this.#parts;
    const own = labels === null ? null : pathOf(labels);
    return goldFile(pathOf(ticket), own, { labelsDir, ...options });
  }
}

function approachOf(run: RunIdentity | null): Evaluation['approach'] {
  if (!run) return null;
  const settings = Object.entries(run.settings).filter(([name]) => kept(name));
  return { strategy: run.strategy, settings: Object.fromEntries(settings) };
}
