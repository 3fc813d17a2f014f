/**
 * Recurrent networks, unrolled over time in the graph. The projection of all inputs is one matrix product; a step only
 * multiplies the state.
 *
 * Source of names, shapes, gate order and first values: PyTorch's nn.LSTM and nn.GRU with batch_first.
 */
import { ShapeError } from '../core/errors.js';
import type { Variable } from '../core/leaves.js';
import { at, formatShape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { concat, stack, zeros } from '../ops/index.js';
import type { Rng } from '../random/rng.js';
import { checkProbability, dropout } from './dropout.js';
import { type Context, Module } from './module.js';
import { fanInUniform, parameter } from './parameter.js';

export interface RecurrentOptions {
  readonly rng: Rng;
  /** Layers, each reading the one below; default 1. */
  readonly layers?: number;
  /** Whether each layer also reads backwards in time; its output is then twice as wide. Default false. */
  readonly bidirectional?: boolean;
  readonly bias?: boolean;
  /** Probability of dropping an element between two layers while training; default 0. */
  readonly dropout?: number;
}

/** Weights of one direction of one layer; G is the number of gates times the hidden size. */
interface Weights {
  /** [G, inputs] */
  readonly ih: Variable;
  /** [G, hidden] */
  readonly hh: Variable;
  /** [G] each */
  readonly bias: { readonly ih: Variable; readonly hh: Variable } | null;
}

/** One step: from the projected input [batch, G] and the states [batch, hidden] to the next states, output first. */
type Cell = (projected: Tensor, states: readonly Tensor[], weights: Weights) => Tensor[];

/** What LSTM and GRU share: weights, layers, directions. */
abstract class Recurrent extends Module {
  readonly hidden: number;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly dropout: number;
  readonly #inputs: number;
  readonly #weights: readonly Weights[];

  constructor(
    inputs: number,
    hidden: number,
    gates: number,
    { rng, layers = 1, bidirectional = false, bias = true, dropout: p = 0 }: RecurrentOptions,
  ) {
    super();
    this.hidden = hidden;
    this.layers = layers;
    this.bidirectional = bidirectional;
    this.dropout = checkProbability(p);
    this.#inputs = inputs;
    const initializer = fanInUniform(hidden);
    const make = (name: string, ...shape: number[]): Variable => {
      const variable = parameter(shape, initializer, rng);
      Object.assign(this, { [name]: variable });
      return variable;
    };
    const suffixes = bidirectional ? ['', '_reverse'] : [''];
    const sizes = Array.from({ length: layers }, (_, layer) => (layer === 0 ? inputs : hidden * suffixes.length));
    this.#weights = sizes.flatMap((size, layer) =>
      suffixes.map((suffix) => ({
        ih: make(`weight_ih_l${layer}${suffix}`, gates * hidden, size),
        hh: make(`weight_hh_l${layer}${suffix}`, gates * hidden, hidden),
        bias: bias
          ? {
              ih: make(`bias_ih_l${layer}${suffix}`, gates * hidden),
              hh: make(`bias_hh_l${layer}${suffix}`, gates * hidden),
            }
          : null,
      })),
    );
  }

  /**
   * @param initial first states, each [layers · directions, batch, hidden]; `kinds` of them, zeros where left out
   * @returns output [batch, time, directions · hidden] and the last states, shaped like the first
   */
  protected unroll(
    x: Tensor,
    kinds: number,
    initial: readonly Tensor[] | undefined,
    context: Context,
    project: (rows: Tensor, weights: Weights) => Tensor,
    cell: Cell,
  ): { output: Tensor; states: Tensor[] } {
    const [batch, time] = this.#check(x);
    const directions = this.bidirectional ? 2 : 1;
    const shape = [this.#weights.length, batch, this.hidden];
    for (const t of initial ?? []) {
      if (formatShape(t.shape) !== formatShape(shape)) {
        throw new ShapeError({ operation: 'recurrent state', expected: formatShape(shape), got: formatShape(t.shape) });
      }
    }
    const first = initial ?? Array.from({ length: kinds }, () => zeros(shape));
    const last: Tensor[][] = [];
    let y = x.transpose([1, 0, 2]); // [time, batch, inputs]
    for (let layer = 0; layer < this.layers; layer++) {
      if (layer > 0) y = dropout(y.transpose([1, 0, 2]), this.dropout, context).transpose([1, 0, 2]);
      const outputs = Array.from({ length: directions }, (_, direction) => {
        const index = layer * directions + direction;
        const weights = this.#weights[index]!;
        const rows = project(y.reshape([time * batch, at(y.shape, 2)]), weights);
        const steps = rows
          .reshape([time, batch, at(rows.shape, 1)])
          .split(time)
          .map((t) => t.squeeze(0));
        if (direction === 1) steps.reverse();
        let states = first.map((t) => t.slice(index));
        const seen = steps.map((projected) => {
          states = cell(projected, states, weights);
          return states[0]!;
        });
        last.push(states);
        return stack(direction === 1 ? seen.toReversed() : seen);
      });
      y = concat(outputs, 2);
    }
    const states = Array.from({ length: kinds }, (_, kind) => stack(last.map((s) => s[kind]!)));
    return { output: y.transpose([1, 0, 2]), states };
  }

  #check(x: Tensor): [batch: number, time: number] {
    if (x.rank === 3 && x.shape[2] === this.#inputs && x.shape[1] !== 0) return [at(x.shape, 0), at(x.shape, 1)];
    throw new ShapeError({
      operation: this.constructor.name,
      expected: `an input [batch, time, ${this.#inputs}] of at least one step`,
      got: formatShape(x.shape),
    });
  }
}

function multiply(rows: Tensor, weight: Variable): Tensor {
  return rows.matmul(weight.swapAxes());
}

export interface LSTMState {
  /** Hidden state [layers · directions, batch, hidden] */
  readonly h: Tensor;
  /** Cell state, of the same shape */
  readonly c: Tensor;
}

/**
 * Long short-term memory. With gates i, f, g, o stacked in that order, σ the logistic function:
 * (i, f, g, o) = x·Wihᵀ + bih + h·Whhᵀ + bhh, c′ = σ(f)·c + σ(i)·tanh(g), h′ = σ(o)·tanh(c′).
 *
 * Shapes: x [batch, time, inputs] → output [batch, time, directions · hidden]; state h and c
 * [layers · directions, batch, hidden], zeros by default. Variables of layer k: `weight_ih_lk` [4·hidden, inputs],
 * `weight_hh_lk` [4·hidden, hidden], `bias_ih_lk`, `bias_hh_lk` [4·hidden]; with `_reverse` for the way back.
 * First values: U(−1/√hidden, 1/√hidden).
 * @throws ShapeError where x or the state does not fit
 *
 * Source: Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000.
 */
export class LSTM extends Recurrent {
  constructor(inputs: number, hidden: number, options: RecurrentOptions) {
    super(inputs, hidden, 4, options);
  }

  forward(
    x: Tensor,
    { state, ...context }: Context & { readonly state?: LSTMState } = {},
  ): { output: Tensor; state: LSTMState } {
    const first = state === undefined ? undefined : [state.h, state.c];
    const { output, states } = this.unroll(x, 2, first, context, projectLSTM, stepLSTM);
    return { output, state: { h: states[0]!, c: states[1]! } };
  }
}

/** Both biases are added here, once for all steps. */
function projectLSTM(rows: Tensor, { ih, bias }: Weights): Tensor {
  const y = multiply(rows, ih);
  return bias === null ? y : y.add(bias.ih.add(bias.hh));
}

const stepLSTM: Cell = (projected, [h, c], { hh }) => {
  const [i, f, g, o] = projected.add(multiply(h!, hh)).split(4, 1) as [Tensor, Tensor, Tensor, Tensor];
  const cell = f.sigmoid().mul(c!).add(i.sigmoid().mul(g.tanh()));
  return [o.sigmoid().mul(cell.tanh()), cell];
};

/**
 * Gated recurrent unit. With gates r, z, n stacked in that order:
 * r = σ(x·Wirᵀ + bir + h·Whrᵀ + bhr), z likewise, n = tanh(x·Winᵀ + bin + r·(h·Whnᵀ + bhn)), h′ = (1 − z)·n + z·h.
 *
 * Shapes: x [batch, time, inputs] → output [batch, time, directions · hidden]; state [layers · directions, batch, hidden],
 * zeros by default. Variables as LSTM's, with 3·hidden rows. First values: U(−1/√hidden, 1/√hidden).
 * @throws ShapeError where x or the state does not fit
 *
 * Source: Cho et al. 2014; like PyTorch, r gates the product h·Whnᵀ, not h itself.
 */
export class GRU extends Recurrent {
  constructor(inputs: number, hidden: number, options: RecurrentOptions) {
    super(inputs, hidden, 3, options);
  }

  forward(
    x: Tensor,
    { state, ...context }: Context & { readonly state?: Tensor } = {},
  ): { output: Tensor; state: Tensor } {
    const first = state === undefined ? undefined : [state];
    const { output, states } = this.unroll(x, 1, first, context, projectGRU, stepGRU);
    return { output, state: states[0]! };
  }
}

function projectGRU(rows: Tensor, { ih, bias }: Weights): Tensor {
  const y = multiply(rows, ih);
  return bias === null ? y : y.add(bias.ih);
}

const stepGRU: Cell = (projected, [h], { hh, bias }) => {
  const product = multiply(h!, hh);
  const [hr, hz, hn] = (bias === null ? product : product.add(bias.hh)).split(3, 1) as [Tensor, Tensor, Tensor];
  const [xr, xz, xn] = projected.split(3, 1) as [Tensor, Tensor, Tensor];
  const z = xz.add(hz).sigmoid();
  const n = xn.add(xr.add(hr).sigmoid().mul(hn)).tanh();
  return [n.add(z.mul(h!.sub(n)))];
};
