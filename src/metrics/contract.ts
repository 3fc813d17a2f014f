/** What a metric is. */
import type { Capabilities, ModelInstance } from '../contract/index.js';
import type { DataSet } from '../data/data-set.js';

export interface EvaluationContext {
  readonly instance: ModelInstance;
  /** Held-out items. */
  readonly data: DataSet;
  readonly seed: number;
  /** Called with the fraction done. */
  readonly onProgress: (fraction: number) => void;
}

export interface Metric {
  /** Name in results: `neg_elbo`. */
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  fits(capabilities: Capabilities): boolean;
  compute(context: EvaluationContext): Promise<number>;
}
