export { default as EvaluationView } from './EvaluationView.svelte';
export { EvaluationState } from './evaluation.svelte';
