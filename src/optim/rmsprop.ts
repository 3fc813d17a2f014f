/**
 * RMSprop (Tieleman & Hinton 2012, lecture 6e; centred form: Graves 2013, §4.2), with PyTorch's place of ε:
 *
 *     g ← g + λθ                                   weight decay λ
 *     s ← αs + (1 − α)g²                           mean square
 *     a ← αa + (1 − α)g                            mean, where centred
 *     u ← g/(√s + ε),  centred g/(√(s − a²) + ε)
 *     θ ← θ − γu,  with momentum μ: b ← μb + u, θ ← θ − γb
 */
import type { Tensor } from '../core/tensor.js';
import { blend, type Optimizer, optimizer } from './optimizer.js';
import { decayRate, nonNegative, resolveSettings } from './settings.js';

export interface RmspropSettings {
  /** α, the part of the averages that is kept. */
  readonly alpha?: number;
  /** ε, added outside the root. */
  readonly epsilon?: number;
  /** λ, the L2 penalty's factor. */
  readonly weightDecay?: number;
  /** μ; 0: no velocity. */
  readonly momentum?: number;
  /** Divides by the deviation of the gradient instead of its root mean square. */
  readonly centered?: boolean;
}

/** Passes per element: 9; momentum 2 more, weight decay 2 more, centred 6 more. */
export function rmsprop(given: RmspropSettings = {}): Optimizer {
  const settings = resolveSettings(
    'rmsprop',
    {
      alpha: [0.99, decayRate],
      epsilon: [1e-8, nonNegative],
      weightDecay: [0, nonNegative],
      momentum: [0, decayRate],
      centered: false,
    },
    given,
  );
  const { alpha, epsilon, weightDecay, momentum, centered } = settings;
  const moments: Record<string, number> = {
    square_avg: 0,
    ...(centered && { grad_avg: 0 }),
    ...(momentum > 0 && { momentum_buffer: 0 }),
  };
  return optimizer({
    name: 'rmsprop',
    settings,
    moments,
    rule: ({ learningRate, atStep }) => {
      const rate = atStep('learning rate', learningRate);
      return (gradient, parameter, before) => {
        const g = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
        const after: Record<string, Tensor> = { square_avg: blend(before.square_avg!, alpha, g.square()) };
        let spread = after.square_avg!;
        if (centered) {
          const mean = blend(before.grad_avg!, alpha, g);
          after.grad_avg = mean;
          // Rounding can take the difference below 0, where the root is NaN.
          spread = spread.sub(mean.square()).maximum(0);
        }
        let direction = g.div(spread.sqrt().add(epsilon));
        if (momentum > 0) {
          direction = before.momentum_buffer!.mul(momentum).add(direction);
          after.momentum_buffer = direction;
        }
        return { parameter: parameter.sub(direction.mul(rate)), moments: after };
      };
    },
  });
}
