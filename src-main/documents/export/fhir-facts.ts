/**
 * Facts of a record as FHIR resources; the table is in docs/export.md. Nothing is claimed that the fact
 * does not say: a procedure that is not stated as past may only be planned, so its status is unknown.
 */
import type { AnnotationSchema } from '../../domain/contract/annotation-schema';
import type { ExportedFact, ExportedRecord } from '../../domain/contract/export';
import { isConfirmed, machineLabel } from '../../domain/rules/export/export-label';
import { schemaOfRun, states } from '../../domain/rules/export/schema-of-run';
import {
  codeSystems,
  urn,
  type Coding,
  type Concept,
  type Extension,
  type Reference,
  type Resource,
  type Value,
} from './fhir-types';

const kinds: Readonly<Record<string, 'condition' | 'procedure' | 'medication'>> = {
  疾病和诊断: 'condition',
  疾病: 'condition',
  诊断: 'condition',
  症状: 'condition',
  症状与体征: 'condition',
  手术: 'procedure',
  药物: 'medication',
};

export const machineTag: Coding = {
  system: codeSystems.label,
  code: 'machine-generated',
  display: machineLabel,
};

export interface FactResources {
  readonly resources: readonly Resource[];
  /** Facts that have no place in a patient's bundle: about other people than the family. */
  readonly leftOut: number;
}

/** @param newId a fresh UUID at each call */
export function factResources(
  record: ExportedRecord,
  patient: Reference,
  newId: () => string,
): FactResources {
  const schema = schemaOfRun(record.run);
  const resources: Resource[] = [];
  const groups = new Map<string, ExportedFact[]>();
  let leftOut = 0;
  for (const fact of record.facts) {
    // 未提及 is no statement about the patient.
    if (fact.text === null) continue;
    if (fact.attributes.experiencer === 'other') leftOut += 1;
    else if (fact.group) {
      const key = JSON.stringify([fact.group.name, fact.group.index]);
      groups.set(key, [...(groups.get(key) ?? []), fact]);
    } else resources.push(ofFact(fact, fact.text, record, schema, patient, newId()));
  }
  for (const facts of groups.values()) resources.push(ofGroup(facts, record, patient, newId()));
  return { resources, leftOut };
}

function ofFact(
  fact: ExportedFact,
  words: string,
  record: ExportedRecord,
  schema: AnnotationSchema | null,
  patient: Reference,
  id: string,
): Resource {
  const { negated, uncertain, historical, experiencer } = fact.attributes;
  const confirmed = isConfirmed(record, fact);
  const base = {
    id,
    ...(confirmed ? {} : { meta: { tag: [machineTag] } }),
    extension: [quotation(fact, record)],
  };
  // What no doctor confirmed, and what may be a denial that nobody could mark, is a quotation only.
  if (!confirmed || !statesAll(record, schema, fact.type) || fact.kind === 'field')
    return observation(fact, words, record, patient, base);
  // "May not have": provisional would claim it, refuted would deny it.
  if (negated && uncertain && experiencer !== 'family')
    return observation(fact, words, record, patient, base);
  const code: Concept = { text: words };
  if (experiencer === 'family') {
    const said = negated ? '否认 / denied: ' : uncertain ? '疑似 / suspected: ' : '';
    return {
      resourceType: 'FamilyMemberHistory',
      ...base,
      status: uncertain ? 'partial' : 'completed',
      patient,
      relationship: coded(codeSystems.role, 'FAMMEMB', 'family member'),
      // A condition cannot be refuted here, so one that is not certain is told in words.
      ...(said === '' ? { condition: [{ code }] } : { note: [{ text: `${said}${words}` }] }),
    };
  }
  switch (kinds[fact.type]) {
    case 'condition':
      return {
        resourceType: 'Condition',
        ...base,
        ...(negated
          ? {}
          : { clinicalStatus: coded(codeSystems.clinical, historical ? 'inactive' : 'active') }),
        verificationStatus: coded(
          codeSystems.verification,
          uncertain ? 'provisional' : negated ? 'refuted' : 'confirmed',
        ),
        code,
        subject: patient,
      };
    case 'procedure':
      return {
        resourceType: 'Procedure',
        ...base,
        status: uncertain ? 'unknown' : negated ? 'not-done' : historical ? 'completed' : 'unknown',
        code,
        subject: patient,
      };
    case 'medication':
      return {
        resourceType: 'MedicationStatement',
        ...base,
        status: uncertain
          ? 'unknown'
          : negated
            ? 'not-taken'
            : historical
              ? 'completed'
              : 'unknown',
        medicationCodeableConcept: code,
        subject: patient,
      };
    default:
      return observation(fact, words, record, patient, base);
  }
}

function observation(
  fact: ExportedFact,
  words: string,
  record: ExportedRecord,
  patient: Reference,
  base: Pick<Resource, 'id' | 'meta' | 'extension'>,
): Resource {
  const isFinal = isConfirmed(record, fact) && !fact.attributes.uncertain;
  return {
    resourceType: 'Observation',
    ...base,
    status: isFinal ? 'final' : 'preliminary',
    code: typeConcept(fact.type),
    subject: patient,
    ...stated(fact, words),
  };
}

/**
 * The value; a reason in its place where it is denied or not the patient's: whoever reads values alone
 * must take neither for a finding. What was said is in the reason's text.
 */
function stated(fact: ExportedFact, words: string): Value | { readonly dataAbsentReason: Concept } {
  const { negated, experiencer } = fact.attributes;
  const said = [
    ...(experiencer === 'family' ? ['家属 / of the family'] : []),
    ...(negated ? ['否定 / negated'] : []),
  ];
  if (said.length === 0) return valueOf(fact, words);
  return {
    dataAbsentReason: {
      ...coded(codeSystems.absent, 'not-applicable'),
      text: `${said.join(', ')}: ${words}`,
    },
  };
}

/** Members that belong together are one observation with a component each. */
function ofGroup(
  facts: readonly ExportedFact[],
  record: ExportedRecord,
  patient: Reference,
  id: string,
): Resource {
  const confirmed = facts.every((fact) => isConfirmed(record, fact));
  const isCertain = !facts.some(({ attributes }) => attributes.uncertain);
  return {
    resourceType: 'Observation',
    id,
    ...(confirmed ? {} : { meta: { tag: [machineTag] } }),
    status: confirmed && isCertain ? 'final' : 'preliminary',
    code: typeConcept(facts[0]?.group?.name ?? ''),
    subject: patient,
    component: facts.map((fact) => ({
      extension: [quotation(fact, record)],
      code: typeConcept(fact.type),
      ...stated(fact, fact.text ?? ''),
    })),
  };
}

function valueOf({ value, unit }: ExportedFact, words: string): Value {
  if (typeof value === 'boolean') return { valueBoolean: value };
  if (typeof value === 'number')
    return { valueQuantity: { value, ...(unit === undefined ? {} : { unit }) } };
  if (value !== undefined && /^[0-9]{4}(?:-[0-9]{2}){0,2}$/.test(value))
    return { valueDateTime: value };
  return { valueString: value ?? words };
}

/** Whether the absence of each flag means that it is not so. */
function statesAll(
  { run }: ExportedRecord,
  schema: AnnotationSchema | null,
  type: string,
): boolean {
  const all = ['negated', 'uncertain', 'historical', 'experiencer'] as const;
  return all.every((attribute) => states(run, schema, attribute, type));
}

/** The words and their place, with what was said of them. */
function quotation(fact: ExportedFact, record: ExportedRecord): Extension {
  const { attributes, confidence, section } = fact;
  const place = ({
    text,
    start,
    end,
  }: {
    text: string;
    start: number;
    end: number;
  }): Extension => ({
    url: 'evidence',
    extension: [
      { url: 'text', valueString: text },
      { url: 'start', valueUnsignedInt: start },
      { url: 'end', valueUnsignedInt: end },
    ],
  });
  const { text, start, end } = fact;
  const own = text !== null && start !== null && end !== null ? [{ text, start, end }] : [];
  const others = fact.evidence.filter((one) => one.start !== start || one.end !== end);
  return {
    url: `${urn}:quotation`,
    extension: [
      { url: 'record', valueString: record.id },
      ...(record.textSha256 === null
        ? []
        : [{ url: 'textSha256', valueString: record.textSha256 }]),
      { url: 'type', valueString: fact.type },
      ...(section === undefined ? [] : [{ url: 'section', valueString: section }]),
      ...[...own, ...others].filter((one) => one.text !== '').map(place),
      ...(['negated', 'uncertain', 'historical'] as const).flatMap((name) => {
        const said = attributes[name];
        return said === undefined ? [] : [{ url: name, valueBoolean: said }];
      }),
      ...(attributes.experiencer === undefined
        ? []
        : [{ url: 'experiencer', valueCode: attributes.experiencer }]),
      ...(confidence === null ? [] : [{ url: 'confidence', valueDecimal: confidence }]),
      { url: 'standing', valueCode: fact.standing },
      ...(fact.review === undefined ? [] : [{ url: 'review', valueCode: fact.review }]),
    ],
  };
}

function typeConcept(type: string): Concept {
  return { coding: [{ system: codeSystems.type, code: codeText(type) }], text: type };
}

/** A code has no blanks at its ends and single ones inside (R4, `code`). */
function codeText(type: string): string {
  return type.replace(/\s+/g, ' ').trim() || '?';
}

export function coded(system: string, code: string, display?: string): Concept {
  return { coding: [{ system, code, ...(display === undefined ? {} : { display }) }] };
}
