/**
 * Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", algorithm 2): every element moves by the
 * learning rate, in the direction of a sign.
 *
 *     u ← sign(β₁m + (1 − β₁)g)        m ← β₂m + (1 − β₂)g        θ ← θ − γ(u + λθ)
 *
 * The paper advises a learning rate 3 to 10 times smaller than AdamW's, and a weight decay larger by as much (§5).
 * Written as θ(1 − γλ) − γu, with the factor computed on the host.
 */
import { blend, type Optimizer, optimizer } from './optimizer.js';
import { decayRate, nonNegative, resolveSettings } from './settings.js';

export interface LionSettings {
  /** β₁, the part of the mean gradient in the direction of this step. */
  readonly beta1?: number;
  /** β₂, the part of the mean gradient that is kept. */
  readonly beta2?: number;
  /** λ, decoupled as in AdamW. */
  readonly weightDecay?: number;
}

/** Passes per element: 9; weight decay 1 more. One moment, where Adam has two. */
export function lion(given: LionSettings = {}): Optimizer {
  const settings = resolveSettings(
    'lion',
    { beta1: [0.9, decayRate], beta2: [0.99, decayRate], weightDecay: [0, nonNegative] },
    given,
  );
  const { beta1, beta2, weightDecay } = settings;
  return optimizer({
    name: 'lion',
    settings,
    moments: { exp_avg: 0 },
    rule: ({ learningRate, atStep }) => {
      const rate = atStep('learning rate', learningRate);
      const shrink = atStep('lion weight decay', (t) => 1 - learningRate(t) * weightDecay);
      return (g, parameter, { exp_avg }) => {
        const p = weightDecay === 0 ? parameter : parameter.mul(shrink);
        const direction = blend(exp_avg, beta1, g).sign();
        return { parameter: p.sub(direction.mul(rate)), moments: { exp_avg: blend(exp_avg, beta2, g) } };
      };
    },
  });
}
