/** The list of metrics. Each says which models it fits and how it is computed on held-out data. */
import type { Metric } from './contract.js';
import { importanceWeightedNll, negativeElbo } from './likelihood.js';
import { reconstructionError } from './reconstruction.js';

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
