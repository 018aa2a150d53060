/**
 * Which model does which job.
 *
 * A person's choice comes first. Otherwise a specialist keeps the schemas that it was trained for, and
 * everything else goes to the imported model that is in use (architecture.md, models and jobs).
 */
import type { Job, LibraryModel } from '../contract/library';
import type { ModelCard } from '../contract/model-card';

/** The parts of the library that decide. */
export interface AssignableModels {
  readonly models: readonly Pick<LibraryModel, 'id' | 'card' | 'place'>[];
  readonly assignments: Readonly<Partial<Record<Job, string>>>;
  readonly active: string | null;
}

/** Whether a model can be asked for a schema: one that it names, or any where it takes any. */
export function takesSchema(
  { schemas, anySchema = false }: Pick<ModelCard['capabilities'], 'schemas' | 'anySchema'>,
  schema: string,
): boolean {
  return anySchema || schemas.includes(schema);
}

/** Whether a model can do the job: the schema of an extraction, or the task. */
export function isCapable({ card }: Pick<LibraryModel, 'card'>, job: Job): boolean {
  const { tasks } = card.capabilities;
  const [task, schema = ''] = job.split(':');
  if (task === 'extraction')
    return tasks.includes('extraction') && takesSchema(card.capabilities, schema);
  return tasks.some((named) => named === task);
}

/** The id of the model for a job, or null where no model of the library can do it. */
export function modelForJob(library: AssignableModels, job: Job): string | null {
  const able = library.models.filter((model) => isCapable(model, job));
  const chosen = able.find(({ id }) => id === library.assignments[job]);
  if (chosen) return chosen.id;
  const specialist = able.find(({ place }) => place === 'built-in');
  if (specialist) return specialist.id;
  return (able.find(({ id }) => id === library.active) ?? able[0])?.id ?? null;
}
