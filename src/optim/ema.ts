/**
 * Exponential moving average of the parameters, which samples better than the parameters themselves (Polyak & Juditsky
 * 1992; Ho et al. 2020, appendix B):
 *
 *     s ← d·s + (1 − d)·θ, computed as s + (1 − d)·(θ − s)
 *
 * after each update, with the decay d. Up to update `start` the average is the parameters (d = 0), so it does not
 * matter what they were initialised or loaded with. With warm-up d is min(decay, (1 + n)/(10 + n)) after n averaged
 * updates, so that a short run is not an average of its beginning.
 */
import { fromStep, type Variable } from '../core/leaves.js';
import type { Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { type AtStep, checkSameShapes, variableLike } from './optimizer.js';
import { checkNumber, count, decayRate } from './settings.js';

export interface EmaOptions {
  /** d; DDPM's 0.9999 averages over about 10,000 updates. */
  readonly decay?: number;
  readonly warmUp?: boolean;
  /** The update at which averaging starts, with a copy. */
  readonly start?: number;
}

export interface Ema {
  /** The decay at an update, 1 for the first. */
  decayAt(step: number): number;
  /** Averages for parameters of these shapes; zeros until the first update. Each wants an arena of its own. */
  init(shapes: readonly Shape[]): Variable[];
  /** Inside a compiled function, after the optimizer: takes in the new parameters. Three passes. */
  update(averages: readonly Variable[], parameters: readonly Tensor[], options?: { readonly atStep?: AtStep }): void;
}

export function ema({ decay = 0.9999, warmUp = false, start = 1 }: EmaOptions = {}): Ema {
  checkNumber('ema', 'decay', decay, decayRate);
  checkNumber('ema', 'start', start, count);
  const decayAt = (step: number): number => {
    const n = step - start;
    if (n <= 0) return 0;
    return warmUp ? Math.min(decay, (1 + n) / (10 + n)) : decay;
  };
  return {
    decayAt,
    init: (shapes) => shapes.map((shape) => variableLike(shape, 'ema')),
    update: (averages, parameters, { atStep = fromStep } = {}) => {
      checkSameShapes('ema update', averages, parameters);
      const share = atStep('1 − ema decay', (step) => 1 - decayAt(step));
      for (const [i, average] of averages.entries())
        average.assign(average.add(parameters[i]!.sub(average).mul(share)));
    },
  };
}
