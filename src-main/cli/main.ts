/** Composition root of the `chimed` command: the same engine and tasks, without the vault. */
import '../offline/begin';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { annotationSchemas } from '../domain/contract/annotation-schema';
import { draftPurposeSchema, maxCandidates } from '../domain/contract/dialogue';
import { factExportFormats } from '../domain/contract/export';
import { AppError, problemOf, type ErrorCode } from '../domain/contract/errors';
import { conversionTypeSchema } from '../domain/contract/conversion';
import { askCommand, type AskOptions } from './ask-command';
import { benchCommand, type BenchOptions } from './bench-command';
import { draftCommand, type DraftOptions } from './draft-command';
import { deidentifyCommand, type DeidentifyOptions } from './deidentify-command';
import { convertCommand, type ConvertCommandOptions } from './convert-command';
import {
  evalGenerateCommand,
  evalMcqCommand,
  type EvalGenerateOptions,
} from './eval-answers-command';
import { splits } from '../evaluation/record-questions';
import { evalGroundingCommand, type EvalGroundingOptions } from './eval-grounding-command';
import { evalNerCommand, type EvalNerOptions } from './eval-command';
import { inspectCommand, verifyCommand } from './model-commands';
import { exportCommand, type ExportCommandOptions } from './export-command';
import { extractCommand, type ExtractOptions } from './extract-command';
import { schemaCheckCommand, schemaListCommand } from './schema-commands';
import { withTableOptions } from './table-options';
import { bearBrokenStreams, exitCodes, report } from './terminal';

bearBrokenStreams();
const root = join(import.meta.dirname, '..', '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
};

function positiveInteger(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('a whole number from 1');
  return number;
}

function share(value: string): number {
  const number = Number(value);
  if (!(number >= 0 && number <= 1)) throw new InvalidArgumentError('a number from 0 to 1');
  return number;
}

function candidateCount(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > maxCandidates)
    throw new InvalidArgumentError(`a whole number from 1 to ${maxCandidates}`);
  return number;
}

/** Side by side on one machine; more would only take memory. */
const mostSequences = 8;

function sequenceCounts(value: string): number[] {
  const counts = value.split(',').map(Number);
  if (counts.some((count) => !Number.isInteger(count) || count < 1 || count > mostSequences))
    throw new InvalidArgumentError(`whole numbers from 1 to ${mostSequences}, such as 1,4`);
  return counts;
}

function jobCount(value: string): number {
  const count = positiveInteger(value);
  if (count > mostSequences) throw new InvalidArgumentError(`a whole number to ${mostSequences}`);
  return count;
}

const dateChoice = (): Option =>
  new Option('--dates <way>', 'mask: a placeholder; shift: move by a constant number of days')
    .choices(['mask', 'shift'])
    .default('mask');
const textOrJson = (): Option =>
  new Option('--format <format>', 'text: for people; json: one object')
    .choices(['text', 'json'])
    .default('text');
const keyHelp = 'with --dates shift: a secret file; the same one shifts every record alike';

const layoutChoice = (): Option =>
  new Option('--layout <layout>', 'of a table: long: a row a fact; wide: a row a record')
    .choices(['long', 'wide'])
    .default('long');
const languageChoice = (): Option =>
  new Option('--language <language>', 'of headings and pages')
    .choices(['en', 'zh-CN'])
    .default('en');
const evidenceHelp = 'of a table: columns with the words and places of each value';
/** What was asked for, not what was found: the command has to be written otherwise. */
const usageErrors: ReadonlySet<ErrorCode> = new Set([
  'USAGE',
  'OUTPUT_EXISTS',
  'SCHEMA_UNKNOWN',
  'SCHEMA_INVALID',
]);

const program = new Command('chimed')
  .description('Clinical text work with a language model on this machine. Nothing leaves it.')
  .version(version)
  .showHelpAfterError('(chimed --help lists the commands)')
  .exitOverride();

withTableOptions(program.command('extract'))
  .description('extract facts from clinical records, each tied to its exact words')
  .argument(
    '<input...>',
    'txt, docx, pdf, csv or xlsx files, folders (read recursively), or - for standard input',
  )
  .option('--model <file>', 'GGUF model file; defaults to the built-in one')
  .addOption(
    new Option(
      '--schema <id|file>',
      `what to look for: ${annotationSchemas.map(({ id }) => id).join(', ')}, or a schema of your own`,
    ).default('ccks2019'),
  )
  .addOption(
    new Option(
      '--format <format>',
      'jsonl: an object a line; json: one array; others: as in export',
    )
      .choices(factExportFormats)
      .default('jsonl'),
  )
  .addOption(layoutChoice())
  .option('--evidence', evidenceHelp, false)
  .addOption(languageChoice())
  .option('--out <file>', 'write there instead of to standard output')
  .option('--force', 'let --out replace an existing file', false)
  .option(
    '--threads <n>',
    'threads to compute with; defaults to what suits the model',
    positiveInteger,
  )
  .option('--jobs <n>', 'records at once, each on a sequence of its own', jobCount, 1)
  .option('--resume', 'go on where --out ends; what failed is tried again', false)
  .option('--deidentify', 'de-identify each record first; facts are of that text', false)
  .addOption(dateChoice())
  .option('--key <file>', keyHelp)
  .action(async (inputs: string[], options: Omit<ExtractOptions, 'inputs'>) => {
    process.exitCode = await extractCommand({ ...options, inputs }, join(root, 'models'));
  });

program
  .command('export')
  .description('turn the JSONL of an extraction into another format; needs no model')
  .argument('<input>', 'the JSONL that extract wrote; a file, as it is read twice')
  .addOption(
    new Option('--format <format>', 'csv, xlsx: a table; html: pages; fhir: an R4 bundle')
      .choices(factExportFormats)
      .makeOptionMandatory(),
  )
  .addOption(layoutChoice())
  .addOption(
    new Option('--rows <of>', 'with --layout wide: what a row is')
      .choices(['record', 'case'])
      .default('record'),
  )
  .option('--evidence', evidenceHelp, false)
  .addOption(languageChoice())
  .option('--out <file>', 'write there instead of to standard output')
  .option('--force', 'let --out replace an existing file', false)
  .action(async (input: string, options: Omit<ExportCommandOptions, 'input'>) => {
    process.exitCode = await exportCommand({ ...options, input });
  });

withTableOptions(program.command('deidentify'))
  .description('replace names, numbers, places and dates that identify a person; check the result')
  .argument(
    '<input...>',
    'txt, docx, pdf, csv or xlsx files, folders (read recursively), or - for standard input',
  )
  .addOption(
    new Option('--format <format>', 'text: the record; json: an object a line')
      .choices(['text', 'json'])
      .default('text'),
  )
  .addOption(dateChoice())
  .option('--key <file>', keyHelp)
  .option('--out <path>', 'write there; for the text of several records, a folder')
  .option('--force', 'let --out replace existing files', false)
  .option('--show-identifiers', 'with --format json: also what was replaced, in clear', false)
  .action(async (inputs: string[], options: Omit<DeidentifyOptions, 'inputs'>) => {
    process.exitCode = await deidentifyCommand({ ...options, inputs });
  });

program
  .command('ask')
  .description('a question to a record, answered with quotations from it, or without a record')
  .argument('<question>')
  .option('--record <file>', 'the record: txt, docx or pdf')
  .option('--model <file>', 'GGUF model file; the built-in one answers with quotations alone')
  .option('--threshold <share>', 'confidence below which nothing is answered, 0 to 1', share)
  .addOption(textOrJson())
  .option(
    '--threads <n>',
    'threads to compute with; defaults to what suits the model',
    positiveInteger,
  )
  .action(async (question: string, options: AskOptions) => {
    process.exitCode = await askCommand(question, options, join(root, 'models'));
  });

program
  .command('draft')
  .description('danger signs in a conversation, and draft replies to the patient')
  .argument('<file>', '{"turns":[{"role":"patient|doctor","text":"..."}]}')
  .option('--record <file>', "the patient's record: txt, docx or pdf")
  .option('--model <file>', 'GGUF model file that can converse; without one there are signs alone')
  .addOption(
    new Option('--purpose <purpose>', 'what the reply is for')
      .choices(draftPurposeSchema.options)
      .default('answer'),
  )
  .addOption(new Option('--tone <tone>', 'how').choices(['plain', 'formal']).default('plain'))
  .addOption(
    new Option('--length <length>', 'how long')
      .choices(['short', 'medium', 'long'])
      .default('medium'),
  )
  .option('--ask-back', 'ask the patient for facts that are missing', false)
  .option('--candidates <n>', `drafts, 1 to ${maxCandidates}`, candidateCount, 2)
  .addOption(textOrJson())
  .option(
    '--threads <n>',
    'threads to compute with; defaults to what suits the model',
    positiveInteger,
  )
  .action(async (file: string, options: DraftOptions) => {
    process.exitCode = await draftCommand(file, options, join(root, 'models'));
  });

const evaluation = program.command('eval').description('measure a model on data of people');

evaluation
  .command('ner')
  .description('score the extraction of entities against annotations made by people')
  .requiredOption('--data <file>', 'annotated records, one JSON object a line')
  .addOption(
    new Option('--schema <id>', 'what to look for and score')
      .choices(annotationSchemas.map(({ id }) => id))
      .makeOptionMandatory(),
  )
  .option('--model <file>', 'GGUF model file; defaults to the built-in one')
  .option('--labels <file>', "what the data's labels mean; defaults to a mapping that knows them")
  .option('--limit <n>', 'score only the first records', positiveInteger)
  .addOption(
    new Option('--format <format>', 'text: a table; json: one object')
      .choices(['text', 'json'])
      .default('text'),
  )
  .option(
    '--threads <n>',
    'threads to compute with; defaults to what suits the model',
    positiveInteger,
  )
  .action(async (options: EvalNerOptions) => {
    process.exitCode = await evalNerCommand(options, {
      modelsDir: join(root, 'models'),
      labelsDir: join(root, 'resources', 'labels'),
    });
  });

const answerOptions = (command: Command): Command =>
  command
    .option('--model <file>', 'GGUF model file that can converse')
    .option('--limit <n>', 'only the first ones', positiveInteger)
    .addOption(
      new Option('--format <format>', 'text: for people; json: one object')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option(
      '--threads <n>',
      'threads to compute with; defaults to what suits the model',
      positiveInteger,
    );

answerOptions(
  evaluation
    .command('mcq')
    .description('questions with four options: accuracy by probability and by answer')
    .requiredOption('--data <file>', 'CSV of C-Eval, or JSON of MedQA'),
).action(async (options: Parameters<typeof evalMcqCommand>[0]) => {
  process.exitCode = await evalMcqCommand(options, join(root, 'models'));
});

answerOptions(
  evaluation
    .command('generate')
    .description('free answers against those of people: BLEU and ROUGE by character')
    .requiredOption('--data <file>', 'questions with answers, or dialogues, one JSON object a line')
    .option('--max-tokens <n>', 'tokens of one answer, at most', positiveInteger, 512),
).action(async (options: EvalGenerateOptions) => {
  process.exitCode = await evalGenerateCommand(options, join(root, 'models'));
});

answerOptions(
  evaluation
    .command('qa-grounding')
    .description('questions about records: do quotations hold the answer, is nothing made up')
    .option(
      '--data <file>',
      'records with questions, JSON',
      join(root, 'resources', 'evaluation', 'record-qa.json'),
    )
    .addOption(
      new Option('--split <split>', 'which records: dev served for fitting, test did not')
        .choices([...splits])
        .default('test'),
    )
    .option('--threshold <p>', 'of the confidence that there is an answer, 0 to 1', share),
).action(async (options: EvalGroundingOptions) => {
  process.exitCode = await evalGroundingCommand(options, join(root, 'models'));
});

const schema = program.command('schema').description('what can be looked for in records');

schema
  .command('check')
  .description('whether a schema of your own can run, and what to put right in it')
  .argument('<file>', 'JSON, as the program exports it')
  .addOption(textOrJson())
  .action(async (file: string, options: { format: 'text' | 'json' }) => {
    process.exitCode = await schemaCheckCommand(file, options.format);
  });

schema
  .command('list')
  .description('the schemas that come with the program')
  .addOption(textOrJson())
  .action(async (options: { format: 'text' | 'json' }) => {
    process.exitCode = await schemaListCommand(options.format);
  });

const model = program.command('model').description('make and check model files');
model
  .command('inspect')
  .description('what the header of a model file says; its numbers are not read')
  .argument('<file>', 'GGUF model file')
  .addOption(textOrJson())
  .action(async (file: string, options: { format: 'text' | 'json' }) => {
    process.exitCode = await inspectCommand(file, options.format);
  });

model
  .command('verify')
  .description('check a model file as before loading: its structure, and its checksum by its card')
  .argument('<file>', 'GGUF model file')
  .addOption(textOrJson())
  .action(async (file: string, options: { format: 'text' | 'json' }) => {
    process.exitCode = await verifyCommand(file, options.format);
  });

model
  .command('bench')
  .description('measure how fast a model file reads a prompt (pp) and generates (tg)')
  .argument('<file>', 'GGUF model file')
  .option('--prompt <n>', 'tokens of the prompt; defaults to 512', positiveInteger)
  .option('--generate <n>', 'tokens to generate; defaults to 128', positiveInteger)
  .option('--sequences <list>', 'how many sequences side by side', sequenceCounts, [1, 4])
  .option('--repetitions <n>', 'runs of each test', positiveInteger, 5)
  .option(
    '--threads <n>',
    'threads to compute with; defaults to what suits the model',
    positiveInteger,
  )
  .addOption(textOrJson())
  .action(async (file: string, options: BenchOptions) => {
    process.exitCode = await benchCommand(file, options);
  });

model
  .command('convert')
  .description('turn a released Llama checkpoint into a GGUF model file')
  .argument('<folder>', 'the checkpoint: config.json, tokenizer.model and the weights')
  .requiredOption('--out <file>', 'the GGUF to write; its card is written beside it')
  .addOption(
    new Option('--type <type>', 'how the weights are stored')
      .choices(conversionTypeSchema.options)
      .default('q4_k_m'),
  )
  .option('--keep-source', 'keep the 16-bit file that is quantized', false)
  .addOption(textOrJson())
  .option('--force', 'replace existing files', false)
  .option('--threads <n>', 'threads to quantize with; defaults to all cores', positiveInteger)
  .action(async (folder: string, options: Omit<ConvertCommandOptions, 'folder'>) => {
    process.exitCode = await convertCommand({ ...options, folder }, `chimed ${version}`);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  } else {
    report(problemOf(error));
    process.exitCode =
      error instanceof AppError && usageErrors.has(error.code) ? exitCodes.usage : exitCodes.failed;
  }
}
// Native threads of a model that failed half-way must not keep a finished command alive.
process.exit();
