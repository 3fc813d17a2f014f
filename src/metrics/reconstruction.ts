/** How well items survive the bottleneck. */
import type { EvaluationContext } from './contract.js';
import { meanOverItems } from './per-item.js';

/** Mean of (x̂ − x)² over values and items. */
export function reconstructionError(context: EvaluationContext): Promise<number> {
  const reconstruct = context.instance.capabilities.reconstruct!;
  return meanOverItems(context, 'mse', 100, (x, noise) => reconstruct(x, noise).sub(x).square().flatten(1).mean(1));
}

/** Share of the pixels that are masked for `restorationError`. */
const masked = 0.3;

/** Mean of (x̂ − x)² where x̂ is reconstructed from x with 30 % of its values set to 0, each by itself. */
export function restorationError(context: EvaluationContext): Promise<number> {
  const reconstruct = context.instance.capabilities.reconstruct!;
  return meanOverItems(context, 'masked_mse', 100, (x, noise) => {
    const spoilt = x.mul(noise.rng.fork('mask').bernoulli(1 - masked, x.shape));
    return reconstruct(spoilt, noise).sub(x).square().flatten(1).mean(1);
  });
}
