/** Samples, blind second reviews, agreement and adjudication, in English. */
import type { researchZh } from './research.zh-CN';

export const researchEn = {
  heading: 'Research',
  lead: 'Draw confirmed records at random, have another doctor review them blind, compute the agreement, and adjudicate each difference.',
  draw: 'Random sample',
  drawNow: 'Draw a sample',
  schema: 'Schema',
  size: 'Records',
  population: (count: string) => `Can be drawn: ${count}`,
  counting: 'Counting…',
  samples: 'Samples',
  none: 'No samples yet',
  noneHint: 'Choose a schema and a number. Only records whose review is confirmed are drawn.',
  pick: 'Choose a sample',
  sampleLine: (records: string, when: string) => `Records: ${records} · ${when}`,
  seed: (seed: string) => `Seed: ${seed}`,
  drawnFrom: (records: string, population: string) =>
    `${records} drawn at random out of ${population} confirmed records`,
  state: {
    drawn: 'Waits for its second review',
    reviewing: 'Under second review',
    reviewed: 'Second review done',
    compared: 'Agreement computed',
  },
  begin: 'Begin the blind review',
  goOn: 'Go on with the review',
  needsOther:
    'You confirmed records of this sample; another doctor has to sign in and review it here.',
  takenByOther: 'Another doctor is reviewing it.',
  blindHint: 'It begins again with what the model found; the first review is not shown.',
  compare: 'Compute the agreement',
  needsThird: 'You reviewed these records. A third doctor should adjudicate them.',
  allowOwn: 'Let reviewers adjudicate',
  allowOwnHint:
    'For a sample without a third doctor. It goes into the audit log and the methods paragraph, and cannot be taken back.',
  ownAllowed: (when: string) => `Reviewers may adjudicate, allowed by who drew the sample, ${when}`,
  adjudicate: 'Adjudicate',
  progress: (done: string, total: string) => `Reviewed again: ${done} of ${total}`,
  adjudicated: (done: string, total: string) =>
    `Records with differences adjudicated: ${done} of ${total}`,
  records: 'Records of the sample',
  columns: {
    ...{ record: 'Record', second: 'Second review' },
    ...{ disputes: 'Differences', adjudication: 'Adjudication' },
  },
  second: { open: 'Not begun', begun: 'Begun', done: 'Confirmed', gone: 'Deleted or changed' },
  adjudication: { none: 'Not begun', begun: 'Begun', done: 'Confirmed', needless: 'Not needed' },
  unknownRecord: '(deleted)',
  openRecord: 'Open',
  agreement: 'Agreement',
  agreementHint:
    'Types and places are compared, of fields also values; not whether something is negated, uncertain or historical.',
  agreementColumns: {
    type: 'Type',
    both: 'In both',
    onlyFirst: 'First only',
    onlySecond: 'Second only',
    strict: 'Strict F1',
    relaxed: 'Relaxed F1',
    kappa: 'κ (characters)',
  },
  overall: 'All',
  notMeasured: 'not measured',
  back: 'Back to the sample',
  blindReview: 'Blind review',
  adjudicating: 'Adjudication',
  position: (at: string, total: string) => `Record ${at} of ${total}`,
  dispute: (at: string, total: string) => `Difference ${at} of ${total}`,
  noDispute: 'Both reviews agree on this one',
  nothing: '(nothing marked)',
  first: 'First review',
  secondReview: 'Second review',
  own: 'Neither',
  ownHint:
    'To decide otherwise: choose neither, then select the words and press the digit of a type.',
  outcome: {
    first: 'First taken',
    second: 'Second taken',
    own: 'Decided otherwise',
  },
  blindHere: {
    heading: 'The first review is not shown during a blind one',
    body: 'This record is in a sample that you are reviewing. Review it under Research; it is shown here again once the agreement is computed.',
  },
  finished: 'No record of this sample waits any more',
  methods: 'Methods paragraph',
  methodsHint: 'Only figures that were measured, and numbers of persons, never names.',
  language: { zh: 'Chinese', en: 'English' },
  copy: 'Copy',
  save: 'Save as a text file',
  copied: 'Copied',
  saved: 'Saved',
  text: {
    sample: (schemas: string, population: string, records: string, seed: string) =>
      `Sample: the extraction schema was ${schemas}. Out of ${population} records whose review had been confirmed by a doctor, ${records} were drawn at random (seed ${seed}).`,
    schema: (name: string, version: string) => `“${name}” (version ${version})`,
    schemaNoVersion: (name: string) => `“${name}” (version not known)`,
    ofRecords: (what: string, records: string) => `${what} (records: ${records})`,
    strategy: (name: string, id: string) => `${name} (${id})`,
    extraction: (models: string, formats: string, strategies: string, facts: string) =>
      `Extraction: by ${models}; prompt format ${formats}; strategy ${strategies}. The model gave ${facts} facts.`,
    prompts: (wordings: string) => `The model was asked with: ${wordings}`,
    model: (name: string, sha256: string) => `${name} (SHA-256 ${sha256})`,
    unknown: 'not known',
    review: (
      reviewers: string,
      firstFacts: string,
      firstBulk: string,
      secondFacts: string,
      secondBulk: string,
    ) =>
      `Review: the first review was made by doctors (number: ${reviewers}), who accepted ${firstFacts} facts (in bulk: ${firstBulk}). The second was made by one other doctor, who began again with the same output of the model while the program did not show the first review, and accepted ${secondFacts} facts (in bulk: ${secondBulk}).`,
    missing: (count: string) =>
      `Records of the sample that had been deleted or changed before the comparison, and are not counted: ${count}.`,
    agreement: (records: string, kappa: string) =>
      `Agreement: records compared: ${records}. Types and places were compared, of fields also values; flags such as negation were not. Cohen’s κ over characters: ${kappa}.`,
    f1: (strict: string, counts: string, relaxed: string, relaxedCounts: string) =>
      `Strict F1: ${strict} (${counts}); relaxed F1 (same type with at least one character in common, or the same value of a field): ${relaxed} (${relaxedCounts}).`,
    counts: (both: string, first: string, second: string) =>
      `in both ${both}, first only ${first}, second only ${second}`,
    type: (name: string, strict: string, relaxed: string, kappa: string, counts: string) =>
      `${name}: strict F1 ${strict}, relaxed F1 ${relaxed}, κ ${kappa} (${counts}).`,
    adjudication: (
      total: string,
      records: string,
      first: string,
      second: string,
      own: string,
      open: string,
    ) =>
      `Adjudication: the two reviews differed in ${total} places (differences of flags included), in records: ${records}. Taken from the first: ${first}; from the second: ${second}; decided otherwise: ${own}; not adjudicated: ${open}.`,
    adjudicators: (total: string, reviewed: string) =>
      `The adjudication was signed by doctors (number: ${total}), of whom ${reviewed} had also reviewed this sample.`,
    ownAdjudication: (records: string) =>
      `Records that were adjudicated by one of their two reviewers: ${records}.`,
    thirdAdjudication: 'Every record that was adjudicated was by a doctor who had not reviewed it.',
    notAdjudicated: 'No adjudication was made.',
    noDisputes: 'Adjudication: the two reviews did not differ; none was needed.',
    program: (name: string, version: string) =>
      `Program: ${name} ${version}, run offline throughout.`,
  },
} satisfies typeof researchZh;
