/**
 * What FHIR R4 (4.0.1) says of the resources that exported bundles use: elements, cardinalities, value
 * sets with required binding, invariants. Written from the specification, not from our code; an element
 * that is not listed here is a fault, too.
 */

type Json = { readonly [key: string]: unknown };
type Check = (value: unknown, at: string, faults: string[]) => void;
interface Rule {
  readonly check: Check;
  readonly min: 0 | 1;
  readonly max: 1 | '*';
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const matches =
  (pattern: RegExp): Check =>
  (value, at, faults) => {
    if (typeof value !== 'string' || !pattern.test(value)) faults.push(`${at}: ${String(value)}`);
  };
// R4, data types: the specification's own patterns; strings are never blank and hold no controls.
// eslint-disable-next-line no-control-regex -- these are what is looked for
const string = matches(/^(?=[\s\S]*\S)[^\u0000-\u0008\u000b\u000c\u000e-\u001f]+$/);
const uri = matches(/^\S+$/);
const code = matches(/^[^\s]+(\s[^\s]+)*$/);
const id = matches(/^[A-Za-z0-9\-.]{1,64}$/);
const instant = matches(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/);
const dateTime = matches(/^\d{4}(-\d{2}(-\d{2}(T.+)?)?)?$/);
const oneOf = (...codes: string[]): Check => matches(new RegExp(`^(?:${codes.join('|')})$`));
const typeOf =
  (type: 'boolean' | 'number'): Check =>
  (value, at, faults) => {
    if (typeof value !== type) faults.push(`${at}: not a ${type}`);
  };
const unsignedInt: Check = (value, at, faults) => {
  if (!Number.isInteger(value) || (value as number) < 0) faults.push(`${at}: no unsignedInt`);
};

const rule = (check: Check, min: 0 | 1 = 0, max: 1 | '*' = 1): Rule => ({ check, min, max });

const element =
  (
    rules: Record<string, Rule>,
    more?: (value: Json, at: string, faults: string[]) => void,
  ): Check =>
  (value, at, faults) => {
    if (!isObject(value)) return void faults.push(`${at}: no object`);
    // ele-1: an element has a value or children.
    if (Object.keys(value).length === 0) faults.push(`${at}: empty`);
    for (const key of Object.keys(value)) if (!rules[key]) faults.push(`${at}.${key}: unknown`);
    for (const [key, { check, min, max }] of Object.entries(rules)) {
      const held = value[key];
      if (held === undefined) {
        if (min === 1) faults.push(`${at}.${key}: missing`);
      } else if (max === 1) check(held, `${at}.${key}`, faults);
      else if (!Array.isArray(held) || held.length === 0)
        faults.push(`${at}.${key}: empty or no list`);
      else for (const [i, one] of held.entries()) check(one, `${at}.${key}[${i}]`, faults);
    }
    more?.(value, at, faults);
  };

const coding = element({ system: rule(uri), code: rule(code), display: rule(string) });
const concept = element({ coding: rule(coding, 0, '*'), text: rule(string) });
/** Required binding: every coding is of the value set. */
const bound =
  (system: string, ...codes: string[]): Check =>
  (value, at, faults) => {
    concept(value, at, faults);
    const codings = isObject(value) && Array.isArray(value['coding']) ? value['coding'] : [];
    if (codings.length === 0) faults.push(`${at}: no coding`);
    for (const one of codings as Json[])
      if (one['system'] !== system || !codes.includes(String(one['code'])))
        faults.push(`${at}: ${JSON.stringify(one)} is not in the value set`);
  };
const extension: Check = (value, at, faults) =>
  element(
    {
      url: rule(uri, 1),
      extension: rule(extension, 0, '*'),
      valueString: rule(string),
      valueCode: rule(code),
      valueBoolean: rule(typeOf('boolean')),
      valueDecimal: rule(typeOf('number')),
      valueUnsignedInt: rule(unsignedInt),
    },
    (one, here, list) => {
      // ext-1: either extensions or a value.
      const values = Object.keys(one).filter((key) => key.startsWith('value')).length;
      if (values + (one['extension'] === undefined ? 0 : 1) !== 1) list.push(`${here}: ext-1`);
    },
  )(value, at, faults);
const identifier = element({ system: rule(uri), value: rule(string) });
const reference = element({
  reference: rule(string),
  display: rule(string),
  identifier: rule(identifier),
});
const meta = element({ tag: rule(coding, 0, '*'), extension: rule(extension, 0, '*') });
const quantity = element({ value: rule(typeOf('number')), unit: rule(string) });
const values = {
  valueString: rule(string),
  valueBoolean: rule(typeOf('boolean')),
  valueDateTime: rule(dateTime),
  valueQuantity: rule(quantity),
};
const oneValue = (value: Json, at: string, faults: string[]): void => {
  const held = Object.keys(value).filter((key) => key.startsWith('value')).length;
  if (held > 1) faults.push(`${at}: several values`);
  // obs-6: dataAbsentReason only where there is no value.
  if (held > 0 && value['dataAbsentReason'] !== undefined) faults.push(`${at}: obs-6`);
};
const base = (type: string): Record<string, Rule> => ({
  resourceType: rule(oneOf(type), 1),
  id: rule(id),
  meta: rule(meta),
  extension: rule(extension, 0, '*'),
});
const terminology = 'http://terminology.hl7.org/CodeSystem';

const resources: Record<string, Check> = {
  Patient: element({ ...base('Patient'), identifier: rule(identifier, 0, '*') }),
  Condition: element(
    {
      ...base('Condition'),
      clinicalStatus: rule(
        bound(
          `${terminology}/condition-clinical`,
          ...['active', 'recurrence', 'relapse', 'inactive', 'remission', 'resolved'],
        ),
      ),
      verificationStatus: rule(
        bound(
          `${terminology}/condition-ver-status`,
          ...['unconfirmed', 'provisional', 'differential', 'confirmed', 'refuted'],
          'entered-in-error',
        ),
      ),
      code: rule(concept),
      subject: rule(reference, 1),
    },
    (value, at, faults) => {
      // con-5: no clinical status of what was entered in error.
      if (JSON.stringify(value).includes('entered-in-error')) faults.push(`${at}: con-5`);
    },
  ),
  Procedure: element({
    ...base('Procedure'),
    status: rule(
      oneOf(
        ...['preparation', 'in-progress', 'not-done', 'on-hold', 'stopped', 'completed'],
        ...['entered-in-error', 'unknown'],
      ),
      1,
    ),
    code: rule(concept),
    subject: rule(reference, 1),
  }),
  MedicationStatement: element({
    ...base('MedicationStatement'),
    status: rule(
      oneOf(
        ...['active', 'completed', 'entered-in-error', 'intended', 'stopped', 'on-hold'],
        ...['unknown', 'not-taken'],
      ),
      1,
    ),
    medicationCodeableConcept: rule(concept, 1),
    subject: rule(reference, 1),
  }),
  FamilyMemberHistory: element({
    ...base('FamilyMemberHistory'),
    status: rule(oneOf('partial', 'completed', 'entered-in-error', 'health-unknown'), 1),
    patient: rule(reference, 1),
    relationship: rule(concept, 1),
    note: rule(element({ text: rule(string, 1) }), 0, '*'),
    condition: rule(element({ code: rule(concept, 1) }), 0, '*'),
  }),
  Observation: element(
    {
      ...base('Observation'),
      ...values,
      status: rule(
        oneOf(
          ...['registered', 'preliminary', 'final', 'amended', 'corrected', 'cancelled'],
          ...['entered-in-error', 'unknown'],
        ),
        1,
      ),
      code: rule(concept, 1),
      subject: rule(reference),
      dataAbsentReason: rule(concept),
      component: rule(
        element(
          {
            ...values,
            extension: rule(extension, 0, '*'),
            code: rule(concept, 1),
            dataAbsentReason: rule(concept),
          },
          oneValue,
        ),
        ...([0, '*'] as const),
      ),
    },
    oneValue,
  ),
  Provenance: element({
    ...base('Provenance'),
    target: rule(reference, 1, '*'),
    recorded: rule(instant, 1),
    agent: rule(element({ type: rule(concept), who: rule(reference, 1) }), 1, '*'),
  }),
};

const entry = element({
  fullUrl: rule(uri, 1),
  resource: rule((value, at, faults) => {
    const type = isObject(value) ? String(value['resourceType']) : '';
    const check = resources[type];
    if (check) check(value, `${at}(${type})`, faults);
    else faults.push(`${at}: ${type} is not known`);
  }, 1),
});
const bundleRules = element({
  resourceType: rule(oneOf('Bundle'), 1),
  meta: rule(meta),
  type: rule(oneOf('collection'), 1),
  timestamp: rule(instant),
  entry: rule(entry, 0, '*'),
});

/** Everything that is against the specification; references must resolve inside of the bundle. */
export function fhirFaults(bundle: unknown): string[] {
  const faults: string[] = [];
  bundleRules(bundle, 'Bundle', faults);
  const entries = (isObject(bundle) ? (bundle['entry'] ?? []) : []) as Json[];
  const urls = entries.map((one) => String(one['fullUrl']));
  // bdl-7, and bundle resolution: a full URL is that of the resource's id.
  if (new Set(urls).size !== urls.length) faults.push('bdl-7');
  for (const one of entries) {
    const { id: own } = one['resource'] as Json;
    if (one['fullUrl'] !== `urn:uuid:${String(own)}`) faults.push(`${String(one['fullUrl'])}: id`);
  }
  const text = JSON.stringify(bundle);
  for (const [, url] of text.matchAll(/"reference":"([^"]*)"/g))
    if (!urls.includes(url ?? '')) faults.push(`${url ?? ''} does not resolve`);
  return faults;
}
