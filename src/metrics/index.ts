/** Metrics: what a model is measured by. */
export type { EvaluationContext, Metric } from './contract.js';
export { metrics } from './registry.js';
