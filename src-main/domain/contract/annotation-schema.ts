/**
 * Annotation schemas: which entity types a run looks for.
 *
 * Type ids are the Chinese names of the CCKS-2019 task (Han et al. 2020), because they are what
 * models are prompted with and what exported facts carry.
 */
import { AppError } from './errors';

export interface EntityType {
  /** Stable id, also the Chinese name. */
  readonly id: string;
  readonly english: string;
  /** Index into the colour-blind-safe palette of the UI (`--entity-1` ...). */
  readonly hue: number;
}

export interface AnnotationSchema {
  readonly id: string;
  readonly chinese: string;
  readonly english: string;
  readonly types: readonly EntityType[];
}

const ccksTypes: readonly EntityType[] = [
  { id: '疾病和诊断', english: 'Diagnosis', hue: 1 },
  { id: '影像检查', english: 'Imaging', hue: 2 },
  { id: '实验室检验', english: 'Lab test', hue: 3 },
  { id: '手术', english: 'Operation', hue: 4 },
  { id: '药物', english: 'Drug', hue: 5 },
  { id: '解剖部位', english: 'Body site', hue: 6 },
];

export const annotationSchemas: readonly AnnotationSchema[] = [
  { id: 'ccks2019', chinese: '六类实体', english: 'Six entity types', types: ccksTypes },
  {
    id: 'ccks2019-symptom',
    chinese: '六类实体和症状',
    english: 'Six entity types and symptoms',
    types: [...ccksTypes, { id: '症状', english: 'Symptom', hue: 7 }],
  },
];

/** @throws AppError `SCHEMA_UNKNOWN` */
export function annotationSchema(id: string): AnnotationSchema {
  const found = annotationSchemas.find((schema) => schema.id === id);
  if (!found) throw new AppError('SCHEMA_UNKNOWN', { params: { schema: id } });
  return found;
}
