/** The problem of fixtures/optim.py: a small network, its gradient. */
import { allot, concat, grad, type Tensor, tensor, Variable } from '../../src/node/index.js';
import type { Arena } from '../../src/runtime/state.js';
import { fixture } from './fixture.js';

/** W [4, 5], b [5] and V [5, 3] at their start, in one arena as the trainer places them. */
export function parameters(): { arena: Arena; variables: Variable[] } {
  const shapes = [[4, 5], [5], [5, 3]];
  const variables = shapes.map(
    (shape, i) => new Variable(shape, { initial: () => Float32Array.from(fixture.problem.start[i]!) }),
  );
  const [arena] = allot(variables);
  return { arena: arena!, variables };
}

export const inputs = tensor(fixture.problem.x, [6, 4]);
export const targets = tensor(fixture.problem.y, [6, 3]);

/** mean((tanh(x·W + b)·V − y)²) */
function loss([W, b, V]: readonly Tensor[], x = inputs, y = targets): Tensor {
  return x.matmul(W!).add(b!).tanh().matmul(V!).sub(y).square().mean();
}

/** The gradient as one vector, in the order of the arena. */
export function flatGradient(variables: readonly Variable[], x = inputs, y = targets): Tensor {
  return concat(grad(loss(variables, x, y), variables).map((g) => g.reshape([-1])));
}

/** Largest |a − b| in units of 1 + |b|. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!) / (1 + Math.abs(b[i]!)));
  return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst;
}
