/**
 * One file that any browser opens without a network: no script, nothing loaded, and a policy that would
 * forbid both. Everything of a record is escaped; ids and classes are numbers of ours.
 */
import type { ExportedFact, ExportedRecord, ExportHead } from '../../domain/contract/export';
import type { Locale } from '../../domain/contract/ipc';
import { exportFileTexts } from '../../domain/messages/export-file';
import { formatterFor } from '../../domain/messages/format';
import { flagsOf } from '../../domain/rules/export/fact-flags';
import { schemaNameOf } from '../../domain/rules/export/schema-of-run';
import { isConfirmed, isPartial, recordLabel } from '../../domain/rules/export/export-label';
import { hueCount, pageStyle } from './html-style';
import { escapeHtml as e, markedText } from './html-text';
import type { RecordWriter } from './json';
import { TextPieces, type ByteSink } from './sink';

export async function openHtml(
  sink: ByteSink,
  head: ExportHead,
  locale: Locale,
): Promise<RecordWriter> {
  const out = new TextPieces(sink);
  const { page } = exportFileTexts[locale];
  const { integer, dateTime } = formatterFor(locale);
  const hues = new Hues(head);
  let count = 0;
  await out.write(
    `<!doctype html>\n<html lang="${locale}">\n<head>\n<meta charset="utf-8">\n` +
      '<meta http-equiv="Content-Security-Policy" ' +
      `content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">\n` +
      '<meta name="viewport" content="width=device-width">\n<meta name="referrer" content="no-referrer">\n' +
      `<meta name="description" content="${e(head.label)}">\n` +
      `<meta name="AIGC" content="${e(JSON.stringify(head.aigc))}">\n` +
      `<title>${e(page.title)}</title>\n<style>${pageStyle}</style>\n</head>\n<body>\n` +
      `<header>\n<h1>${e(page.title)}</h1>\n<p class="label" role="note">${e(head.label)}</p>\n` +
      (head.deidentified ? `<p>${e(page.deidentified)}</p>\n` : '') +
      `<ul aria-label="${e(page.legend)}">${hues.legend(locale)}</ul>\n</header>\n<main>\n`,
  );
  return {
    write: async (record) => {
      count += 1;
      for (const piece of recordHtml(record, count, hues, locale)) await out.write(piece);
    },
    finish: async (counts) => {
      const summary = page.summary({
        records: integer(counts.records),
        facts: integer(counts.facts),
        unconfirmedFacts: integer(counts.unconfirmedFacts),
        partialRecords: integer(counts.partialRecords),
      });
      await out.write(
        `</main>\n<footer id="summary"><p>${e(summary)}</p><p class="soft"><time datetime="${e(head.createdAt)}">${e(page.createdAt(dateTime(Date.parse(head.createdAt))))}</time></p></footer>\n` +
          '</body>\n</html>\n',
      );
      await out.flush();
    },
  };
}

/** What each type looks like: as its schema says, or the next free one for a field. */
class Hues {
  readonly #hues = new Map<string, number>();
  readonly #english = new Map<string, string>();

  constructor({ schemas }: ExportHead) {
    for (const { types, fields } of schemas) {
      for (const { id, hue, english } of types) {
        if (!this.#hues.has(id)) this.#hues.set(id, hue);
        this.#english.set(id, english);
      }
      for (const { id, english } of fields) {
        this.of(id);
        this.#english.set(id, english);
      }
    }
  }

  readonly of = (type: string): number => {
    const known = this.#hues.get(type);
    if (known !== undefined) return known;
    const next = (this.#hues.size % hueCount) + 1;
    this.#hues.set(type, next);
    return next;
  };

  nameOf(type: string, locale: Locale): string {
    return locale === 'en' ? this.#english.get(type) || type : type;
  }

  legend(locale: Locale): string {
    return [...this.#hues]
      .map(([type, hue]) => `<li class="type e${hue}">${e(this.nameOf(type, locale))}</li>`)
      .join('');
  }
}

function* recordHtml(
  record: ExportedRecord,
  number: number,
  hues: Hues,
  locale: Locale,
): Generator<string> {
  const { page } = exportFileTexts[locale];
  const { integer, dateTime } = formatterFor(locale);
  const { confirmation, run } = record;
  const prefix = `r${number}`;
  const label = recordLabel(record);
  yield `<article id="${prefix}">\n<h2>${e(page.record(integer(number)))}</h2>\n<p class="soft">`;
  yield e(
    [
      record.id,
      record.source,
      record.caseId === undefined ? undefined : `${page.caseId} ${record.caseId}`,
      page.ran(schemaNameOf(run, locale), run.model.name),
    ]
      .filter((part) => part !== undefined)
      .join(' · '),
  );
  yield '</p>\n';
  if (confirmation) {
    const name = confirmation.name === '' ? confirmation.by : confirmation.name;
    yield `<p>${e(page.confirmed(name, confirmation.title, dateTime(confirmation.at)))}</p>\n`;
  }
  if (label !== null) yield `<p class="warn" data-unconfirmed>${e(page.unconfirmed)}</p>\n`;
  if (isPartial(record)) {
    const code = record.problem ? ` [${record.problem.code}]` : '';
    yield `<p class="warn" data-partial>${e(page.status[record.status])}${e(code)}</p>\n`;
  }
  yield `<h3>${e(page.text)}</h3>\n`;
  if (record.text === undefined) yield `<p class="soft">${e(page.noText)}</p>\n`;
  else {
    // A line feed right behind the tag would be dropped by a parser; before any other it is one of ours.
    yield '<div class="text" lang="zh-CN">';
    // A denial must not look like a finding in the text either.
    yield* markedText(record, record.text, prefix, (fact) => ({
      hue: hues.of(fact.type),
      label: [
        hues.nameOf(fact.type, locale),
        ...flagsOf(fact).map((flag) => page.attributes[flag]),
      ].join('·'),
    }));
    yield '</div>\n';
  }
  yield `<h3>${e(page.facts)}</h3>\n`;
  if (record.facts.length === 0) yield `<p class="soft">${e(page.noFacts)}</p>\n`;
  else {
    const { columns } = page;
    yield '<div class="wide"><table><thead><tr>';
    yield Object.values(columns)
      .map((heading) => `<th scope="col">${e(heading)}</th>`)
      .join('');
    yield '</tr></thead><tbody>\n';
    for (const [at, fact] of record.facts.entries())
      yield factRow(record, fact, at, prefix, hues, locale);
    yield '</tbody></table></div>\n';
  }
  yield '</article>\n';
}

function factRow(
  record: ExportedRecord,
  fact: ExportedFact,
  at: number,
  prefix: string,
  hues: Hues,
  locale: Locale,
): string {
  const { page } = exportFileTexts[locale];
  const { decimal } = formatterFor(locale);
  const flags = flagsOf(fact);
  const words = fact.text === null ? page.notMentioned : fact.text;
  const placed = fact.start !== null && record.text !== undefined;
  const value =
    typeof fact.value === 'boolean' ? (fact.value ? page.yes : page.no) : String(fact.value ?? '');
  const group = fact.group ? `${fact.group.name} ${fact.group.index + 1} · ` : '';
  const standing = [
    page.standing[fact.standing],
    fact.review === 'bulk' ? page.bulk : null,
    isConfirmed(record, fact) ? null : page.machine,
  ].filter((part) => part !== null);
  const cells = [
    `<td><span class="type e${hues.of(fact.type)}">${e(group + hues.nameOf(fact.type, locale))}</span></td>`,
    `<td>${placed ? `<a href="#${prefix}-t${at}">${e(words)}</a>` : e(words)}</td>`,
    `<td>${e([value, fact.unit].filter(Boolean).join(' '))}</td>`,
    `<td>${flags.map((flag) => `<span class="tag ${flag}">${e(page.attributes[flag])}</span>`).join('')}</td>`,
    `<td>${e(fact.section ?? '')}</td>`,
    `<td class="n">${fact.start === null ? '' : `${fact.start}–${fact.end ?? ''}`}</td>`,
    `<td class="n">${fact.confidence === null ? '' : e(decimal(fact.confidence))}</td>`,
    `<td>${e(standing.join(' · '))}</td>`,
  ];
  return `<tr id="${prefix}-f${at}">${cells.join('')}</tr>\n`;
}
