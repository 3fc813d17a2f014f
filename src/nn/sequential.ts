/** Lists of layers. */
import type { Tensor } from '../core/tensor.js';
import { type Context, type Layer, Module } from './module.js';

/** What a Sequential holds: a layer, or a function without variables such as an activation. */
export type Step = Layer | ((x: Tensor) => Tensor);

/**
 * Layers one after the other: y = fₙ(… f₂(f₁(x))). The context goes to each layer. A function takes a position of its
 * own, as a parameterless module does in PyTorch, so names stay the same: `0.weight`, `2.weight`.
 *
 *     new Sequential(new Linear(784, 400, { rng }), relu, new Linear(400, 20, { rng }))
 *
 * Source: PyTorch's nn.Sequential.
 */
export class Sequential extends Module {
  readonly [position: number]: Step;
  readonly #steps: readonly Step[];

  constructor(...steps: Step[]) {
    super();
    this.#steps = steps;
    Object.assign(this, steps);
  }

  forward(x: Tensor, context: Context = {}): Tensor {
    return this.#steps.reduce((y, step) => (typeof step === 'function' ? step(y) : step.forward(y, context)), x);
  }
}

/**
 * Modules in a list, named by their positions. A plain array in a field does the same; this one is a module itself.
 *
 * Source: PyTorch's nn.ModuleList.
 */
export class ModuleList<M extends Module> extends Module implements Iterable<M> {
  readonly [position: number]: M;
  readonly #modules: readonly M[];

  constructor(modules: readonly M[]) {
    super();
    this.#modules = modules;
    Object.assign(this, modules);
  }

  get length(): number {
    return this.#modules.length;
  }

  [Symbol.iterator](): Iterator<M> {
    return this.#modules[Symbol.iterator]();
  }
}
