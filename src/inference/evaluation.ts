/** Evaluating a model: the metrics that fit what it can do. */
import type { ModelInstance } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import { type Metric, metrics } from '../metrics/index.js';
import { didYouMean } from '../util/nearest.js';
import { drawSamples } from './sampling.js';

export interface EvaluateOptions {
  /** Names of metrics; default: all that fit. */
  readonly metrics?: readonly string[];
  /** Outliers, for the metrics that tell them from the items. */
  readonly against?: DataSet | undefined;
  readonly seed: number;
  readonly onProgress?: (metric: string, fraction: number) => void;
}

/**
 * Metrics by name.
 * @throws UsageError for a metric that is unknown, or that does not fit the model or the items
 */
export async function evaluateModel(
  instance: ModelInstance,
  data: DataSet,
  { metrics: names, against, seed, onProgress = () => undefined }: EvaluateOptions,
): Promise<Record<string, number>> {
  const fitting = metrics.filter((metric) => metric.fits(instance.capabilities, { data, against }));
  const drawn = new Map<number, Promise<HostTensor>>();
  const results: Record<string, number> = {};
  for (const metric of names === undefined ? fitting : names.map((name) => find(name, fitting))) {
    const progress = (fraction: number): void => onProgress(metric.id, fraction);
    const draw = (count: number): Promise<HostTensor> => {
      const known = drawn.get(count) ?? drawSamples(instance, { count, seed, onProgress: progress });
      drawn.set(count, known);
      return known;
    };
    results[metric.id] = await metric.compute({ instance, data, against, seed, draw, onProgress: progress });
  }
  return results;
}

function find(name: string, fitting: readonly Metric[]): Metric {
  const metric = fitting.find(({ id }) => id === name);
  if (metric !== undefined) return metric;
  const ids = metrics.map(({ id }) => id);
  if (!ids.includes(name)) {
    throw new UsageError({
      operation: 'evaluate',
      expected: 'a metric that genera has',
      got: `'${name}'`,
      remedy: didYouMean(name, ids) || "'genera list metrics' shows all.",
    });
  }
  throw new UsageError({
    operation: `evaluate ${name}`,
    expected: 'a model and items that this metric fits',
    got: name.startsWith('auroc') ? 'a model or items that lack what it measures, or no outliers' : 'others',
    remedy:
      (name.startsWith('auroc') ? 'Name outliers with --against. ' : '') +
      `Here ${fitting.map(({ id }) => id).join(', ') || 'no metrics'} can be computed.`,
  });
}
