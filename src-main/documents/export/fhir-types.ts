/** The part of FHIR R4 (4.0.1) that exported bundles use; shapes as the specification has them. */

export interface Coding {
  readonly system: string;
  readonly code: string;
  readonly display?: string;
}
export interface Concept {
  readonly coding?: readonly Coding[];
  readonly text?: string;
}
export interface Extension {
  readonly url: string;
  readonly extension?: readonly Extension[];
  readonly valueString?: string;
  readonly valueUnsignedInt?: number;
  readonly valueCode?: string;
  readonly valueBoolean?: boolean;
  readonly valueDecimal?: number;
}
export interface Reference {
  readonly reference?: string;
  readonly display?: string;
  readonly identifier?: { readonly system?: string; readonly value: string };
}
interface Base {
  readonly id: string;
  readonly meta?: { readonly tag: readonly Coding[] };
  readonly extension?: readonly Extension[];
}
export interface Value {
  readonly valueString?: string;
  readonly valueBoolean?: boolean;
  readonly valueDateTime?: string;
  readonly valueQuantity?: { readonly value: number; readonly unit?: string };
}

export type Resource =
  | (Base & {
      readonly resourceType: 'Patient';
      readonly identifier?: readonly { readonly system: string; readonly value: string }[];
    })
  | (Base & {
      readonly resourceType: 'Condition';
      readonly clinicalStatus?: Concept;
      readonly verificationStatus: Concept;
      readonly code: Concept;
      readonly subject: Reference;
    })
  | (Base & {
      readonly resourceType: 'Procedure';
      readonly status: 'completed' | 'not-done' | 'unknown';
      readonly code: Concept;
      readonly subject: Reference;
    })
  | (Base & {
      readonly resourceType: 'MedicationStatement';
      readonly status: 'completed' | 'not-taken' | 'unknown';
      readonly medicationCodeableConcept: Concept;
      readonly subject: Reference;
    })
  | (Base & {
      readonly resourceType: 'FamilyMemberHistory';
      readonly status: 'completed' | 'partial';
      readonly patient: Reference;
      readonly relationship: Concept;
      readonly note?: readonly { readonly text: string }[];
      readonly condition?: readonly { readonly code: Concept }[];
    })
  | (Base &
      Value & {
        readonly resourceType: 'Observation';
        readonly status: 'final' | 'preliminary';
        readonly code: Concept;
        readonly subject: Reference;
        readonly dataAbsentReason?: Concept;
        readonly component?: readonly (Value & {
          readonly code: Concept;
          readonly extension?: readonly Extension[];
        })[];
      })
  | (Base & {
      readonly resourceType: 'Provenance';
      readonly target: readonly Reference[];
      readonly recorded: string;
      readonly activity?: Concept;
      readonly agent: readonly { readonly type?: Concept; readonly who: Reference }[];
    });

/** Names of ours are URNs: no host stands behind them. */
export const urn = 'urn:chimed-workstation:fhir';
export const codeSystems = {
  label: `${urn}:label`,
  type: `${urn}:type`,
  case: `${urn}:case`,
  clinical: 'http://terminology.hl7.org/CodeSystem/condition-clinical',
  verification: 'http://terminology.hl7.org/CodeSystem/condition-ver-status',
  absent: 'http://terminology.hl7.org/CodeSystem/data-absent-reason',
  role: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode',
  participant: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
} as const;
