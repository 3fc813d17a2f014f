/** Likelihoods of images in bits per dimension. */
import { UsageError } from '../core/errors.js';

/**
 * −log₂ p per dimension, where p is a probability of whole levels: nats/(D ln 2).
 * @param nats −ln p of an item, or its mean
 */
export function bitsPerDim(nats: number, dimensions: number): number {
  return nats / (positive('bitsPerDim', 'dimensions', dimensions) * Math.LN2);
}

/**
 * The same where p is a density of values scaled to 0…1 whose levels were made continuous by noise u ~ U[0, 1)/levels
 * (uniform dequantisation): −ln P(level) ≤ −ln p(x + u) + D ln levels on average (Theis et al. 2016, §3.1).
 * @param nats −ln p(x + u) of an item, or its mean
 */
export function bitsPerDimOfDensity(nats: number, dimensions: number, levels = 256): number {
  return bitsPerDim(nats, dimensions) + Math.log2(positive('bitsPerDimOfDensity', 'levels', levels));
}

function positive(operation: string, name: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new UsageError({ operation, expected: `${name} above 0`, got: `${value}` });
}
