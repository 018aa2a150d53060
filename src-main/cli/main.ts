/** Composition root of the `chimed` command: the same engine and tasks, without the vault. */
import '../offline/begin';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { annotationSchemas } from '../domain/contract/annotation-schema';
import { AppError, problemOf } from '../domain/contract/errors';
import { conversionTypeSchema } from '../domain/contract/conversion';
import { benchCommand, type BenchOptions } from './bench-command';
import { deidentifyCommand, type DeidentifyOptions } from './deidentify-command';
import { convertCommand, type ConvertCommandOptions } from './convert-command';
import { evalNerCommand, type EvalNerOptions } from './eval-command';
import { inspectCommand, verifyCommand } from './model-commands';
import { extractCommand, type ExtractOptions } from './extract-command';
import { withTableOptions } from './table-options';
import { exitCodes, report } from './terminal';

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

/** Side by side on one machine; more would only take memory. */
const mostSequences = 8;

function sequenceCounts(value: string): number[] {
  const counts = value.split(',').map(Number);
  if (counts.some((count) => !Number.isInteger(count) || count < 1 || count > mostSequences))
    throw new InvalidArgumentError(`whole numbers from 1 to ${mostSequences}, such as 1,4`);
  return counts;
}

const dateChoice = (): Option =>
  new Option('--dates <way>', 'mask: a placeholder; shift: move by a constant number of days')
    .choices(['mask', 'shift'])
    .default('mask');
const keyHelp = 'with --dates shift: a secret file; the same one shifts every record alike';

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
    new Option('--schema <id>', 'what to look for')
      .choices(annotationSchemas.map(({ id }) => id))
      .default('ccks2019'),
  )
  .addOption(
    new Option('--format <format>', 'jsonl: an object a line; json: one array')
      .choices(['jsonl', 'json'])
      .default('jsonl'),
  )
  .option('--out <file>', 'write there instead of to standard output')
  .option('--force', 'let --out replace an existing file', false)
  .option(
    '--threads <n>',
    'threads to compute with; defaults to what suits the model',
    positiveInteger,
  )
  .option('--deidentify', 'de-identify each record first; facts are of that text', false)
  .addOption(dateChoice())
  .option('--key <file>', keyHelp)
  .action(async (inputs: string[], options: Omit<ExtractOptions, 'inputs'>) => {
    process.exitCode = await extractCommand({ ...options, inputs }, join(root, 'models'));
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
  .command('eval')
  .description('measure a model on annotated data')
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

const model = program.command('model').description('make and check model files');
const textOrJson = (): Option =>
  new Option('--format <format>', 'text: for people; json: one object')
    .choices(['text', 'json'])
    .default('text');

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
      error instanceof AppError && (error.code === 'USAGE' || error.code === 'OUTPUT_EXISTS')
        ? exitCodes.usage
        : exitCodes.failed;
  }
}
// Native threads of a model that failed half-way must not keep a finished command alive.
process.exit();
