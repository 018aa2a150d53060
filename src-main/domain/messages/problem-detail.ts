/** What a problem carries besides its code, in words: how much too much, how much is missing, why. */
import { cellFaults } from '../contract/document';
import type { Problem } from '../contract/errors';
import type { Locale } from '../contract/ipc';
import { templateFaults } from '../contract/prompt-format';
import { placeFaults } from '../contract/save-file';
import { schemaFaultCodes } from '../rules/schema-check';
import { columnLetters } from '../text/column-letters';
import { formatterFor } from './format';
import { messagesFor } from './index';

const mebibyte = 2 ** 20;

/** Null where the problem carries nothing that helps a person. */
export function problemDetail(locale: Locale, { code, params = {} }: Problem): string | null {
  const { problemDetail: texts } = messagesFor(locale);
  const { integer, bytes } = formatterFor(locale);
  const number = (name: string): number | null => {
    const value = params[name];
    return typeof value === 'number' ? value : null;
  };
  const [needed, free, capacity] = [number('needed'), number('free'), number('capacity')];
  switch (code) {
    case 'CONTEXT_EXCEEDED':
      return needed === null || capacity === null
        ? null
        : texts.context(integer(needed - capacity), integer(needed), integer(capacity));
    case 'MODEL_DOES_NOT_FIT':
      return needed === null || free === null
        ? null
        : texts.space(bytes(needed * mebibyte), bytes(free * mebibyte));
    case 'DISK_SPACE':
      return needed === null || free === null ? null : texts.space(bytes(needed), bytes(free));
    case 'EMPTY_TEXT':
      return typeof params['column'] === 'string' ? texts.emptyCell(params['column']) : null;
    case 'QUESTION_TOO_LONG':
    case 'TEXT_TOO_LARGE': {
      const [chars, limit] = [number('chars'), number('limit')];
      return chars === null || limit === null ? null : texts.chars(integer(chars), integer(limit));
    }
    case 'FILE_TOO_LARGE': {
      const [size, limit] = [number('bytes'), number('limit')];
      return size === null || limit === null ? null : texts.bytes(bytes(size), bytes(limit));
    }
    case 'TABLE_CELL_WITHOUT_VALUE': {
      const why = cellFaults.find((fault) => fault === params['why']);
      return why === undefined || typeof params['column'] !== 'string'
        ? null
        : texts.cell(params['column'], texts.cellFaults[why]);
    }
    case 'TABLE_COLUMN_MISSING': {
      const [column, columns] = [number('column'), number('columns')];
      return column === null || columns === null
        ? null
        : texts.column(columnLetters(column - 1), integer(columns));
    }
    case 'TABLE_DAMAGED': {
      const row = number('row');
      return row === null ? null : texts.fromRow(integer(row));
    }
    case 'DATASET_LABELS_UNKNOWN':
      return typeof params['labels'] === 'string' ? texts.labels(params['labels']) : null;
    case 'DATASET_LINE_INVALID':
    case 'SCHEMA_FILE_INVALID': {
      const line = number('line');
      return line === null ? null : texts.line(integer(line));
    }
    case 'SIGN_IN_DELAYED': {
      const seconds = number('seconds');
      return seconds === null
        ? null
        : texts.wait(integer(Math.floor(seconds / 60)), integer(seconds % 60));
    }
    case 'OUTPUT_UNWRITABLE': {
      const why = placeFaults.find((fault) => fault === params['why']);
      return why === undefined ? null : messagesFor(locale).deidentify.place[why];
    }
    case 'SCHEMA_INVALID': {
      const why = schemaFaultCodes.find((fault) => fault === params['why']);
      const at = typeof params['at'] === 'string' ? params['at'] : '';
      return why === undefined
        ? texts.schemaShape(at)
        : texts.schemaFault(at, messagesFor(locale).schemaFaults[why]);
    }
    case 'POLICY_INVALID':
      return typeof params['at'] === 'string' ? texts.place(params['at']) : null;
    case 'PASSPHRASE_TOO_SHORT': {
      const least = number('least');
      return least === null ? null : texts.atLeast(integer(least));
    }
    case 'PASSPHRASE_TOO_LONG': {
      const limit = number('limit');
      return limit === null ? null : texts.atMost(integer(limit));
    }
    case 'RECOVERY_WORDS_INVALID':
      return wordsDetail(texts.words, integer, params);
    case 'TEMPLATE_UNUSABLE': {
      const why = templateFaults.find((fault) => fault === params['why']);
      return why === undefined ? null : texts.template[why];
    }
    default:
      return null;
  }
}

function wordsDetail(
  texts: ReturnType<typeof messagesFor>['problemDetail']['words'],
  integer: (value: number) => string,
  { reason, at, got, wanted }: NonNullable<Problem['params']>,
): string | null {
  if (reason === 'word' && typeof at === 'number') return texts.word(integer(at));
  if (reason === 'count' && typeof got === 'number' && typeof wanted === 'number') {
    return texts.count(integer(got), integer(wanted));
  }
  return reason === 'checksum' ? texts.checksum : null;
}
