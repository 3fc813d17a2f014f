/** Likelihood metrics, in nats per item. */
import { itemSize } from '../data/data-set.js';
import { bitsPerDim } from './bits-per-dim.js';
import type { EvaluationContext } from './contract.js';
import { meanOverItems } from './per-item.js';

/** Draws of the importance-weighted bound (Burda et al. 2015). */
const importanceSamples = 100;

/** −ELBO, one draw an item: an upper bound on the negative log-likelihood. */
export function negativeElbo(context: EvaluationContext): Promise<number> {
  const elbo = context.instance.capabilities.elbo!;
  return meanOverItems(context, 'neg_elbo', 100, (x, noise) => elbo(x, noise).elbo.neg());
}

/** −ln p(x): exact where the model knows it, else the importance-weighted bound with k = 100. */
export function importanceWeightedNll(context: EvaluationContext): Promise<number> {
  const logProb = context.instance.capabilities.logProb!;
  return meanOverItems(context, 'nll', 50, (x, noise) => logProb(x, { ...noise, k: importanceSamples }).neg());
}

/** −ln p(x), or its bound where the model does not know it, for each element in bits. */
export async function bitsPerDimension(context: EvaluationContext): Promise<number> {
  const { logProb } = context.instance.capabilities;
  const nats = await (logProb === undefined ? negativeElbo(context) : importanceWeightedNll(context));
  return bitsPerDim(nats, itemSize(context.data.shape));
}
