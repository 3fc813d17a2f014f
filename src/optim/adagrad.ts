/**
 * Adagrad (Duchi et al. 2011, diagonal form), as PyTorch has it:
 *
 *     g ← g + λθ        s ← s + g²        θ ← θ − γ/(1 + (t − 1)η) · g/(√s + ε)
 */
import { type Optimizer, optimizer } from './optimizer.js';
import { nonNegative, resolveSettings } from './settings.js';

export interface AdagradSettings {
  /** η, how fast the learning rate falls by itself (PyTorch: lr_decay). */
  readonly rateDecay?: number;
  /** λ, the L2 penalty's factor. */
  readonly weightDecay?: number;
  /** What s starts at (PyTorch: initial_accumulator_value). */
  readonly initialSum?: number;
  /** ε, added to the root of the sum. */
  readonly epsilon?: number;
}

/** Passes per element: 7; weight decay 2 more. */
export function adagrad(given: AdagradSettings = {}): Optimizer {
  const settings = resolveSettings(
    'adagrad',
    {
      rateDecay: [0, nonNegative],
      weightDecay: [0, nonNegative],
      initialSum: [0, nonNegative],
      epsilon: [1e-10, nonNegative],
    },
    given,
  );
  const { rateDecay, weightDecay, initialSum, epsilon } = settings;
  return optimizer({
    name: 'adagrad',
    settings,
    moments: { sum: initialSum },
    rule: ({ learningRate, atStep }) => {
      const rate = atStep('adagrad step size', (t) => learningRate(t) / (1 + (t - 1) * rateDecay));
      return (gradient, parameter, { sum }) => {
        const g = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
        const s = sum.add(g.square());
        return { parameter: parameter.sub(g.div(s.sqrt().add(epsilon)).mul(rate)), moments: { sum: s } };
      };
    },
  });
}
