/** Metrics: what a model is measured by. */

export { activeAbove } from './active-units.js';
export type { EvaluationContext, Metric } from './contract.js';
export { metrics } from './registry.js';
