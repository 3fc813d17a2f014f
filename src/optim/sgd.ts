/**
 * Stochastic gradient descent, with PyTorch's form of momentum (Sutskever et al. 2013, but with the learning rate
 * outside the velocity):
 *
 *     d ← g + λθ                                   weight decay λ
 *     v ← μv + (1 − τ)d                            momentum μ, dampening τ; v ← d at the first update
 *     θ ← θ − γv,  or with Nesterov θ − γ(d + μv)
 */
import { UsageError } from '../core/errors.js';
import { type Optimizer, optimizer } from './optimizer.js';
import { decayRate, nonNegative, resolveSettings } from './settings.js';

export interface SgdSettings {
  /** μ, the part of the velocity that is kept; 0: no velocity. */
  readonly momentum?: number;
  /** τ, the part of the gradient that is held back from the velocity. */
  readonly dampening?: number;
  /** λ, the L2 penalty's factor. */
  readonly weightDecay?: number;
  /** Looks ahead along the velocity; needs momentum and no dampening. */
  readonly nesterov?: boolean;
}

/** Passes per element: 2; with momentum 4; Nesterov 2 more, weight decay 2 more. */
export function sgd(given: SgdSettings = {}): Optimizer {
  const settings = resolveSettings(
    'sgd',
    { momentum: [0, decayRate], dampening: [0, decayRate], weightDecay: [0, nonNegative], nesterov: false },
    given,
  );
  const { momentum, dampening, weightDecay, nesterov } = settings;
  if (nesterov && (momentum === 0 || dampening !== 0)) {
    throw new UsageError({
      operation: 'sgd, nesterov',
      expected: 'momentum > 0 and dampening 0',
      got: `momentum ${momentum} and dampening ${dampening}`,
    });
  }
  const moments: Record<string, number> = momentum === 0 ? {} : { momentum_buffer: 0 };
  return optimizer({
    name: 'sgd',
    settings,
    moments,
    rule: ({ learningRate, atStep }) => {
      const rate = atStep('learning rate', learningRate);
      // The velocity starts at 0, so μv + d is d at the first update; dampening must wait until the second.
      const taken = dampening === 0 ? undefined : atStep('sgd dampening', (t) => (t === 1 ? 1 : 1 - dampening));
      return (g, p, { momentum_buffer: v }) => {
        const d = weightDecay === 0 ? g : g.add(p.mul(weightDecay));
        if (v === undefined) return { parameter: p.sub(d.mul(rate)), moments: {} };
        const velocity = v.mul(momentum).add(taken === undefined ? d : d.mul(taken));
        const direction = nesterov ? d.add(velocity.mul(momentum)) : velocity;
        return { parameter: p.sub(direction.mul(rate)), moments: { momentum_buffer: velocity } };
      };
    },
  });
}
