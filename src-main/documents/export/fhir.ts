/**
 * A FHIR R4 bundle of the type `collection`: a pseudonymous patient a case, the facts, and for each
 * record a Provenance that says who confirmed it, or that nobody did.
 */
import { randomUUID } from 'node:crypto';
import type { ExportCounts, ExportedRecord, ExportHead } from '../../domain/contract/export';
import { isPartial, partialLabel } from '../../domain/rules/export/export-label';
import { toWellFormed } from '../../domain/text/well-formed';
import { coded, factResources, machineTag } from './fhir-facts';
import { codeSystems, urn, type Coding, type Reference, type Resource } from './fhir-types';
import type { RecordWriter } from './json';
import { TextPieces, type ByteSink } from './sink';
import { confirmer, isoTime } from './table';

const partialTag: Coding = { system: codeSystems.label, code: 'partial', display: partialLabel };

export async function openFhir(sink: ByteSink, head: ExportHead): Promise<RecordWriter> {
  const out = new TextPieces(sink);
  const patients = new Map<string, string>();
  let entries = 0;
  let leftOut = 0;
  const add = async (resource: Resource): Promise<void> => {
    const entry = { fullUrl: `urn:uuid:${resource.id}`, resource };
    // An array may not be empty in FHIR, so it begins with its first entry.
    await out.write(`${entries++ === 0 ? ',"entry":[' : ','}\n${JSON.stringify(entry, fhirText)}`);
  };
  const patientOf = async ({ caseId, deidentified }: ExportedRecord): Promise<Reference> => {
    const known = caseId === undefined ? undefined : patients.get(caseId);
    if (known !== undefined) return { reference: `urn:uuid:${known}` };
    const id = randomUUID();
    if (caseId !== undefined) patients.set(caseId, id);
    const named = caseId !== undefined && caseId.trim() !== '' && !deidentified;
    await add({
      resourceType: 'Patient',
      id,
      ...(named ? { identifier: [{ system: codeSystems.case, value: caseId }] } : {}),
    });
    return { reference: `urn:uuid:${id}` };
  };
  await out.write('{"resourceType":"Bundle","type":"collection"');
  return {
    write: async (record) => {
      const patient = await patientOf(record);
      const made = factResources(record, patient, randomUUID);
      leftOut += made.leftOut;
      for (const resource of made.resources) await add(resource);
      await add(provenance(record, made.resources, patient, head));
    },
    finish: async (counts) => {
      counts.leftOut = leftOut;
      // Keys have no order: what is only known now stands at the end.
      const rest = JSON.stringify({ timestamp: head.createdAt, meta: metaOf(head, counts) });
      await out.write(`${entries === 0 ? '' : '\n]'},${rest.slice(1)}\n`);
      await out.flush();
    },
  };
}

function metaOf(head: ExportHead, counts: ExportCounts): object {
  const label: Coding =
    head.which === 'confirmed'
      ? { system: codeSystems.label, code: 'confirmed', display: head.label }
      : machineTag;
  return {
    extension: [
      { url: `${urn}:aigc`, valueString: JSON.stringify(head.aigc) },
      {
        url: `${urn}:counts`,
        extension: Object.entries(counts).map(([url, value]) => ({ url, valueUnsignedInt: value })),
      },
    ],
    tag: counts.partialRecords > 0 ? [label, partialTag] : [label],
  };
}

function provenance(
  record: ExportedRecord,
  resources: readonly Resource[],
  patient: Reference,
  head: ExportHead,
): Resource {
  const { confirmation, run } = record;
  const tag = [...(confirmation ? [] : [machineTag]), ...(isPartial(record) ? [partialTag] : [])];
  const agent = (
    code: string,
    who: Reference,
  ): { type: ReturnType<typeof coded>; who: Reference } => ({
    type: coded(codeSystems.participant, code),
    who,
  });
  const person = confirmation && {
    ...(confirmation.name === ''
      ? { identifier: { value: confirmation.by } }
      : { display: [confirmer(record), confirmation.title].filter(Boolean).join(' ') }),
  };
  return {
    resourceType: 'Provenance',
    id: randomUUID(),
    ...(tag.length === 0 ? {} : { meta: { tag } }),
    extension: [
      { url: `${urn}:record`, valueString: record.id },
      { url: `${urn}:status`, valueCode: record.status },
      ...(record.problem ? [{ url: `${urn}:problem`, valueCode: record.problem.code }] : []),
      { url: `${urn}:schema`, valueString: run.schema },
      { url: `${urn}:model-sha256`, valueString: run.model.sha256 },
    ],
    target:
      resources.length === 0
        ? [patient]
        : resources.map(({ id }) => ({ reference: `urn:uuid:${id}` })),
    recorded: isoTime(confirmation?.at) ?? head.createdAt,
    agent: [
      agent('author', { display: run.model.name }),
      ...(person ? [agent('verifier', person)] : []),
    ],
  };
}

/** Strings of FHIR hold no control characters but tab and line ends, and are never blank. */
function fhirText(_key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  const text = toWellFormed(value).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\uFFFD');
  return text.trim() === '' ? '-' : text;
}
