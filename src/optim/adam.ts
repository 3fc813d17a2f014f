/**
 * Adam (Kingma & Ba 2015, algorithm 1) and AdamW (Loshchilov & Hutter 2019, algorithm 2):
 *
 *     m ← β₁m + (1 − β₁)g        v ← β₂v + (1 − β₂)g²
 *     θ ← θ − γ·m̂/(√v̂ + ε)      with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)
 *
 * Every factor that is one number for all parameters goes into the scalars. Kept are the sums M = m/(1 − β₁) and
 * V = v/(1 − β₂); with c = √((1 − β₂ᵗ)/(1 − β₂)) the same step is
 *
 *     M ← β₁M + g        V ← β₂V + g²        θ ← θ − γ·c·(1 − β₁)/(1 − β₁ᵗ) · M/(√V + ε·c)
 *
 * which is ten passes instead of fifteen. Weight decay λ: Adam adds λθ to the gradient (an L2 penalty); AdamW shrinks
 * the parameters by 1 − γλ.
 */
import { type Optimizer, optimizer } from './optimizer.js';
import { decayRate, nonNegative, resolveSettings } from './settings.js';

export interface AdamSettings {
  /** β₁, the part of the mean gradient that is kept. */
  readonly beta1?: number;
  /** β₂, the part of the mean square that is kept. */
  readonly beta2?: number;
  /** ε, added to the root of the mean square. */
  readonly epsilon?: number;
  /** λ; 0 for Adam, 0.01 for AdamW, as in PyTorch. */
  readonly weightDecay?: number;
}

/** Adam. Passes per element: 10, with weight decay 12. */
export function adam(given: AdamSettings = {}): Optimizer {
  return adamLike('adam', 0, given);
}

/** Adam with decoupled weight decay. Passes per element: 11. */
export function adamW(given: AdamSettings = {}): Optimizer {
  return adamLike('adamW', 0.01, given);
}

function adamLike(name: 'adam' | 'adamW', defaultDecay: number, given: AdamSettings): Optimizer {
  const settings = resolveSettings(
    name,
    {
      beta1: [0.9, decayRate],
      beta2: [0.999, decayRate],
      epsilon: [1e-8, nonNegative],
      weightDecay: [defaultDecay, nonNegative],
    },
    given,
  );
  const { beta1, beta2, epsilon, weightDecay } = settings;
  const decoupled = name === 'adamW';
  return optimizer({
    name,
    settings,
    moments: { exp_sum: 0, exp_sum_sq: 0 },
    rule: ({ learningRate, atStep }) => {
      const correction = (t: number): number => Math.sqrt((1 - beta2 ** t) / (1 - beta2));
      const stepSize = atStep(
        `${name} step size`,
        (t) => (learningRate(t) * correction(t) * (1 - beta1)) / (1 - beta1 ** t),
      );
      const floor = atStep(`${name} epsilon`, (t) => epsilon * correction(t));
      const shrink = atStep(`${name} weight decay`, (t) => 1 - learningRate(t) * weightDecay);
      return (gradient, parameter, { exp_sum, exp_sum_sq }) => {
        const g = weightDecay === 0 || decoupled ? gradient : gradient.add(parameter.mul(weightDecay));
        const p = weightDecay === 0 || !decoupled ? parameter : parameter.mul(shrink);
        const m = exp_sum.mul(beta1).add(g);
        const v = exp_sum_sq.mul(beta2).add(g.square());
        const direction = m.div(v.sqrt().add(floor));
        return { parameter: p.sub(direction.mul(stepSize)), moments: { exp_sum: m, exp_sum_sq: v } };
      };
    },
  });
}
