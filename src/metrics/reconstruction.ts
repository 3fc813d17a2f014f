/** How well items survive the bottleneck. */
import type { EvaluationContext } from './contract.js';
import { meanOverItems } from './per-item.js';

/** Mean of (x̂ − x)² over values and items. */
export function reconstructionError(context: EvaluationContext): Promise<number> {
  const reconstruct = context.instance.capabilities.reconstruct!;
  return meanOverItems(context, 'mse', 100, (x, noise) => reconstruct(x, noise).sub(x).square().flatten(1).mean(1));
}
