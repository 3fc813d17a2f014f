/** What a metric is. */
import type { Capabilities, ModelInstance } from '../contract/index.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';

export interface EvaluationContext {
  readonly instance: ModelInstance;
  /** Held-out items. */
  readonly data: DataSet;
  /** Outliers: items of another kind, to be told from `data`. */
  readonly against?: DataSet | undefined;
  readonly seed: number;
  /**
   * Samples [count, ...shape] of the model at the seed, conditional models asked for each class in turn; drawn once,
   * however many metrics look at them.
   */
  readonly draw: (count: number) => Promise<HostTensor>;
  /** Called with the fraction done. */
  readonly onProgress: (fraction: number) => void;
}

export interface Metric {
  /** Name in results: `neg_elbo`. */
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** Whether the metric is defined for what the model can do, on these items. */
  fits(capabilities: Capabilities, items: Pick<EvaluationContext, 'data' | 'against'>): boolean;
  compute(context: EvaluationContext): Promise<number>;
}
