/** The list of metrics. Each says which models it fits and how it is computed on held-out data. */
import type { Capabilities, ModelInstance } from '../contract/index.js';
import type { DataSet } from '../data/data-set.js';
import { importanceWeightedNll, negativeElbo } from './likelihood.js';
import { reconstructionError } from './reconstruction.js';

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

export const metrics: readonly Metric[] = [
  {
    id: 'neg_elbo',
    title: 'Negative evidence lower bound, one draw an item',
    unit: 'nats per item',
    better: 'lower',
    fits: ({ elbo }) => elbo !== undefined,
    compute: negativeElbo,
  },
  {
    id: 'nll',
    title: 'Negative log-likelihood: exact, or importance-weighted with 100 draws',
    unit: 'nats per item',
    better: 'lower',
    fits: ({ logProb }) => logProb !== undefined,
    compute: importanceWeightedNll,
  },
  {
    id: 'mse',
    title: 'Mean squared error of reconstructions, per value in 0…1',
    unit: '',
    better: 'lower',
    fits: ({ reconstruct }) => reconstruct !== undefined,
    compute: reconstructionError,
  },
];
