import { describe, expect, test } from 'vitest';
import { annotationSchemas } from '../../domain/contract/annotation-schema';
import type { ExportedRecord, ExportOptions } from '../../domain/contract/export';
import { machineLabel } from '../../domain/rules/export/export-label';
import { fhirFaults } from './fhir-rules.fixture';
import { exported, fact, facts, labSchema, record, text, unconfirmed } from './records.fixture';

interface Resource {
  readonly resourceType: string;
  readonly [key: string]: unknown;
}
interface Bundle {
  readonly meta: { readonly tag: { readonly code: string; readonly display: string }[] };
  readonly entry?: { readonly resource: Resource }[];
}

async function bundle(
  records: readonly ExportedRecord[],
  chosen: Partial<ExportOptions> = {},
): Promise<Bundle> {
  const bytes = await exported(
    records,
    { format: 'fhir', which: 'confirmed', ...chosen },
    annotationSchemas,
  );
  const made = JSON.parse(bytes.toString('utf-8')) as Bundle;
  expect(fhirFaults(made)).toEqual([]);
  return made;
}
const resources = ({ entry = [] }: Bundle, type: string): Resource[] =>
  entry.map(({ resource }) => resource).filter(({ resourceType }) => resourceType === type);
const codesOf = (resource: Resource | undefined, path: string): unknown => {
  const concept = resource?.[path] as { coding: { code: string }[] } | undefined;
  return concept?.coding[0]?.code;
};
const about = (made: Bundle, words: string): Resource[] =>
  (made.entry ?? [])
    .map(({ resource }) => resource)
    .filter(
      (one) => JSON.stringify(one).includes(`"${words}"`) && one.resourceType !== 'Provenance',
    );

describe('confirmed facts of a schema with flags', () => {
  test('become what they state, and nothing more', async () => {
    const made = await bundle([record()]);
    const [past] = about(made, '高血压');
    expect(past?.resourceType).toBe('Condition');
    expect(codesOf(past, 'clinicalStatus')).toBe('inactive');
    expect(codesOf(past, 'verificationStatus')).toBe('confirmed');
    const [denied] = about(made, '糖尿病');
    expect(codesOf(denied, 'verificationStatus')).toBe('refuted');
    expect(denied).not.toHaveProperty('clinicalStatus');
    expect(codesOf(about(made, '肺部感染')[0], 'verificationStatus')).toBe('provisional');
    expect(codesOf(about(made, '胸闷')[0], 'clinicalStatus')).toBe('active');
    expect(about(made, '阑尾切除术')[0]).toMatchObject({
      resourceType: 'Procedure',
      status: 'completed',
    });
    // Planned, done just now, or advised: the fact does not say.
    expect(about(made, '冠脉造影')[0]).toMatchObject({
      resourceType: 'Procedure',
      status: 'unknown',
    });
    expect(about(made, '硝苯地平')[0]).toMatchObject({
      resourceType: 'MedicationStatement',
      status: 'unknown',
    });
    const [family, deniedInFamily] = resources(made, 'FamilyMemberHistory');
    expect(JSON.stringify(family?.['condition'])).toContain('肺癌');
    expect(deniedInFamily).not.toHaveProperty('condition');
    expect(JSON.stringify(deniedInFamily?.['note'])).toContain('否认 / denied: 家族性结肠息肉病');
    // Nothing of the family is a condition of the patient.
    expect(JSON.stringify(resources(made, 'Condition'))).not.toMatch(/肺癌|结肠息肉/);
  });

  test('keep their words and place', async () => {
    const made = await bundle([record()]);
    const start = text.indexOf('糖尿病');
    expect(JSON.stringify(about(made, '糖尿病')[0])).toContain(
      JSON.stringify({
        url: 'evidence',
        extension: [
          { url: 'text', valueString: '糖尿病' },
          { url: 'start', valueUnsignedInt: start },
          { url: 'end', valueUnsignedInt: start + 3 },
        ],
      }),
    );
  });

  test('say who confirmed them and when, or the opaque id where that is de-identified', async () => {
    const [provenance] = resources(await bundle([record()]), 'Provenance');
    expect(provenance).toMatchObject({ recorded: '2026-01-02T03:04:05.000Z' });
    expect(JSON.stringify(provenance)).toContain('"display":"王医师 主治医师"');
    expect(provenance?.['target']).toHaveLength(facts.length);
    const clear = record({
      deidentified: true,
      confirmation: { by: 'u1', name: '', title: '', at: 0 },
    });
    const [hidden] = resources(await bundle([clear]), 'Provenance');
    expect(JSON.stringify(hidden)).toContain('"who":{"identifier":{"value":"u1"}}');
  });

  test('a case is one patient, with its number only where the export is not de-identified', async () => {
    const three = await bundle([record({ id: 'a' }), record({ id: 'b' }), record({ caseId: 'B' })]);
    expect(resources(three, 'Patient')).toHaveLength(2);
    expect(JSON.stringify(resources(three, 'Patient')[0])).toContain('110105199001011234');
    const hidden = await bundle([record({ deidentified: true, caseId: 'case-0001' })]);
    expect(JSON.stringify(hidden)).not.toMatch(/case-0001|110105/);
  });
});

describe('never a confirmed condition', () => {
  const conditions = async (one: ExportedRecord): Promise<Bundle> => {
    const made = await bundle([one], { which: 'all' });
    for (const type of ['Condition', 'Procedure', 'MedicationStatement', 'FamilyMemberHistory'])
      expect(resources(made, type), type).toEqual([]);
    return made;
  };

  test('of a schema without flags: a denial looks like a finding in it', async () => {
    const made = await conditions(record({ run: { ...record().run, schema: 'ccks2019' } }));
    const observation = resources(made, 'Observation').find(
      ({ valueString }) => valueString === '高血压',
    );
    expect(observation).toMatchObject({ status: 'final' });
  });

  test('of a model that cannot state flags', async () => {
    await conditions(record({ run: { ...record().run, settings: { attributes: '' } } }));
  });

  test('of what nobody confirmed: preliminary, and labelled', async () => {
    const made = await conditions(unconfirmed({ status: 'incomplete' }));
    const observations = resources(made, 'Observation');
    expect(observations).toHaveLength(facts.length);
    for (const one of observations) {
      expect(one['status']).toBe('preliminary');
      expect(JSON.stringify(one['meta'])).toContain(machineLabel);
    }
    // A denial has no value that could be read as a finding.
    const denied = observations.find((one) => JSON.stringify(one).includes('糖尿病'));
    expect(denied).not.toHaveProperty('valueString');
    expect(denied).toHaveProperty('dataAbsentReason');
    // Nor has what the mother has: it would be a finding of the patient.
    const mother = observations.find((one) => JSON.stringify(one).includes('肺癌'));
    expect(mother).not.toHaveProperty('valueString');
    expect(mother).toMatchObject({ dataAbsentReason: { text: '家属 / of the family: 肺癌' } });
    expect(made.meta.tag.map(({ code }) => code)).toEqual(['machine-generated', 'partial']);
  });

  test('of other people: they are left out and counted', async () => {
    const other = fact('肺癌', '疾病和诊断', { attributes: { experiencer: 'other' } });
    const made = await bundle([record({ facts: [other] })]);
    expect(JSON.stringify(made.entry)).not.toContain('肺癌');
    expect(JSON.stringify(made.meta)).toContain('{"url":"leftOut","valueUnsignedInt":1}');
  });
});

test('confirmed only holds nothing that is not', async () => {
  const made = await bundle([unconfirmed()]);
  expect(made).not.toHaveProperty('entry');
  expect(made.meta.tag[0]?.code).toBe('confirmed');
});

test('a group is one observation, its values by kind; what is not mentioned is no resource', async () => {
  const own = '血红蛋白 -0.5 g/L，报告2024年3月，无发热。';
  const of = (words: string, type: string, more: object): ReturnType<typeof fact> =>
    fact(words, type, { kind: 'field', ...more }, own);
  const made = await bundle([
    record({
      text: own,
      run: { ...record().run, schema: 'lab', definition: labSchema },
      facts: [
        of('血红蛋白', '项目', { group: { name: '检验', index: 0 } }),
        of('-0.5', '结果', { group: { name: '检验', index: 0 }, value: -0.5, unit: 'g/L' }),
        of('2024年3月', '报告日期', { value: '2024-03' }),
        of('无发热', '发热', { value: false }),
        { ...of('无发热', '分级', {}), text: null, start: null, end: null, evidence: [] },
      ],
    }),
  ]);
  const [date, fever, group] = resources(made, 'Observation');
  expect(resources(made, 'Observation')).toHaveLength(3);
  expect(date?.['valueDateTime']).toBe('2024-03');
  expect(fever?.['valueBoolean']).toBe(false);
  expect(group?.['component']).toMatchObject([
    { valueString: '血红蛋白' },
    { valueQuantity: { value: -0.5, unit: 'g/L' } },
  ]);
});

test('a drug that is denied or was stopped is no value of its group', async () => {
  const own = '否认服用阿司匹林，曾用二甲双胍，可能服华法林。';
  const of = (words: string, index: number, attributes: object): ReturnType<typeof fact> =>
    fact(words, '药名', { kind: 'field', attributes, group: { name: '用药', index } }, own);
  const made = await bundle([
    record({
      text: own,
      run: { ...record().run, schema: 'medication' },
      facts: [
        of('阿司匹林', 0, { negated: true }),
        of('二甲双胍', 1, { historical: true }),
        of('华法林', 2, { uncertain: true }),
      ],
    }),
  ]);
  const [denied, past, suspected] = resources(made, 'Observation');
  const [component] = denied?.['component'] as Resource[];
  expect(component).not.toHaveProperty('valueString');
  expect(component).toMatchObject({ dataAbsentReason: { text: '否定 / negated: 阿司匹林' } });
  expect(past).toMatchObject({ status: 'final', component: [{ valueString: '二甲双胍' }] });
  expect(JSON.stringify(past)).toContain('{"url":"historical","valueBoolean":true}');
  expect(suspected).toMatchObject({ status: 'preliminary' });
});

test('what may not be there is neither provisional nor refuted', async () => {
  const attributes = { negated: true, uncertain: true };
  const made = await bundle([record({ facts: [fact('糖尿病', '疾病和诊断', { attributes })] })]);
  expect(resources(made, 'Condition')).toEqual([]);
  const [only] = resources(made, 'Observation');
  expect(only).not.toHaveProperty('valueString');
  expect(only).toMatchObject({ status: 'preliminary' });
});

test('blank, broken and hostile words are still FHIR', async () => {
  const own = '\u0000 \ud800=1';
  const odd = fact('\u0000 \ud800=1', '症 \t状 ', { section: ' ', unit: ' ', value: ' ' }, own);
  await bundle([
    record({
      ...{ id: ' ', caseId: ' ', text: own, facts: [odd], status: 'failed' },
      problem: { code: 'INTERNAL' },
      confirmation: { by: ' ', name: ' ', title: '', at: NaN },
    }),
  ]);
});

test('the validator sees what is wrong', async () => {
  const made = await bundle([record()]);
  const spoiled = (change: (json: string) => string): string[] =>
    fhirFaults(JSON.parse(change(JSON.stringify(made))));
  expect(spoiled((json) => json.replace('"refuted"', '"denied"'))).not.toEqual([]);
  expect(spoiled((json) => json.replace('"subject":', '"object":'))).not.toEqual([]);
  expect(
    spoiled((json) => json.replace(/"reference":"urn:uuid:./, '"reference":"urn:uuid:z')),
  ).not.toEqual([]);
  expect(spoiled((json) => json.replace('"status":"unknown"', '"status":"planned"'))).not.toEqual(
    [],
  );
});
