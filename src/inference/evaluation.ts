/** Evaluating a model: the metrics that fit what it can do. */
import type { ModelInstance } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { DataSet } from '../data/data-set.js';
import { type Metric, metrics } from '../metrics/index.js';
import { nearestNames } from '../util/nearest.js';

export interface EvaluateOptions {
  /** Names of metrics; default: all that fit. */
  readonly metrics?: readonly string[];
  readonly seed: number;
  readonly onProgress?: (metric: string, fraction: number) => void;
}

/**
 * Metrics by name.
 * @throws UsageError for a metric that is unknown or that the model has not the capability for
 */
export async function evaluateModel(
  instance: ModelInstance,
  data: DataSet,
  { metrics: names, seed, onProgress = () => undefined }: EvaluateOptions,
): Promise<Record<string, number>> {
  const results: Record<string, number> = {};
  for (const metric of names === undefined ? fitting(instance) : names.map((name) => find(name, instance))) {
    const progress = (fraction: number): void => onProgress(metric.id, fraction);
    results[metric.id] = await metric.compute({ instance, data, seed, onProgress: progress });
  }
  return results;
}

function fitting({ capabilities }: ModelInstance): Metric[] {
  return metrics.filter((metric) => metric.fits(capabilities));
}

function find(name: string, instance: ModelInstance): Metric {
  const metric = metrics.find(({ id }) => id === name);
  if (metric === undefined) {
    const close = nearestNames(
      name,
      metrics.map(({ id }) => id),
    );
    throw new UsageError({
      operation: 'evaluate',
      expected: 'a metric that genera has',
      got: `'${name}'`,
      remedy: close.length > 0 ? `Did you mean ${close.join(' or ')}?` : "'genera list metrics' shows all.",
    });
  }
  if (!metric.fits(instance.capabilities)) {
    const fits = fitting(instance).map(({ id }) => id);
    throw new UsageError({
      operation: `evaluate ${name}`,
      expected: 'a model that this metric fits',
      got: 'one that lacks what it measures',
      remedy: `This model has ${fits.join(', ') || 'no metrics'}.`,
    });
  }
  return metric;
}
