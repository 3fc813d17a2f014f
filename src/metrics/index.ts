/** Metrics: what a model is measured by. */
export { type EvaluationContext, type Metric, metrics } from './metric.js';
