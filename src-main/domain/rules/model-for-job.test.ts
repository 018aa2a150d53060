import { describe, expect, it } from 'vitest';
import type { ModelCard } from '../contract/model-card';
import type { ModelPlace } from '../contract/library';
import { isCapable, modelForJob, type AssignableModels } from './model-for-job';

type Capabilities = ModelCard['capabilities'];

function model(id: string, place: ModelPlace, capabilities: Partial<Capabilities>) {
  const all: Capabilities = { schemas: [], attributes: [], tasks: ['extraction'], ...capabilities };
  return { id, place, card: { capabilities: all } as ModelCard };
}
const nano = model('nano', 'built-in', { schemas: ['ccks2019'] });
const big = model('big', 'copied', {
  schemas: ['ccks2019', 'pathology'],
  tasks: ['extraction', 'qa', 'dialogue'],
});
const other = model('other', 'referenced', { schemas: ['pathology'], tasks: ['extraction', 'qa'] });

function library(change: Partial<AssignableModels> = {}): AssignableModels {
  return { models: [nano, big, other], assignments: {}, active: 'other', ...change };
}

describe('which model does a job', () => {
  it('the built-in specialist keeps the schemas that it names, beside any imported model', () => {
    expect(modelForJob(library(), 'extraction:ccks2019')).toBe('nano');
  });

  it('what no specialist names goes to the imported model in use', () => {
    expect(modelForJob(library(), 'extraction:pathology')).toBe('other');
    expect(modelForJob(library(), 'qa')).toBe('other');
  });

  it('where the one in use cannot do it, one that can is named, though it is not loaded', () => {
    expect(modelForJob(library(), 'dialogue')).toBe('big');
  });

  it("a person's choice comes first, unless that model cannot do it or is gone", () => {
    const chosen = { 'extraction:ccks2019': 'big', dialogue: 'other', qa: 'gone' };
    expect(modelForJob(library({ assignments: chosen }), 'extraction:ccks2019')).toBe('big');
    expect(modelForJob(library({ assignments: chosen }), 'dialogue')).toBe('big');
    expect(modelForJob(library({ assignments: chosen }), 'qa')).toBe('other');
  });

  it('nobody does what nobody names', () => {
    expect(modelForJob(library({ models: [nano] }), 'qa')).toBeNull();
    expect(modelForJob(library({ models: [] }), 'extraction:ccks2019')).toBeNull();
  });

  it('a card that names a schema but not extraction does not extract', () => {
    expect(isCapable(model('x', 'copied', { schemas: ['a'], tasks: ['qa'] }), 'extraction:a')).toBe(
      false,
    );
  });
});
