/** How much of the code is used (Burda et al. 2015, "Importance Weighted Autoencoders", §5.2). */
import { columnVariances, meanCodes } from './codes.js';
import type { EvaluationContext } from './contract.js';

/** Variance over the items above which the mean of a dimension counts as following them. */
export const activeAbove = 0.01;

/** Dimensions d with Var_x E[z_d | x] > 0.01. */
export async function activeUnits(context: EvaluationContext): Promise<number> {
  return columnVariances(await meanCodes(context)).filter((variance) => variance > activeAbove).length;
}
