/** What all ops have in common that compute each element by itself. */
import type { Tensor } from '../core/tensor.js';
import { keepBlocks } from './blocks.js';
import { liftExpansion } from './broadcast.js';

/** The simplification rule of elementwise ops: expansions and changes of order are put off until after them. */
export function elementwise(result: Tensor): Tensor | null {
  return liftExpansion(result) ?? keepBlocks(result);
}
