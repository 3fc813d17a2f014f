/** Scaled dot-product attention and its multi-head layer. */
import { ShapeError } from '../core/errors.js';
import type { Variable } from '../core/leaves.js';
import { at, formatShape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { logicalAnd, triangularMask, where } from '../ops/index.js';
import type { Rng } from '../random/rng.js';
import { checkProbability, dropout } from './dropout.js';
import { xavierUniform, zeros } from './initializers.js';
import { Linear } from './linear.js';
import { type Context, Module } from './module.js';
import { filled, parameter } from './parameter.js';

export interface AttentionMask {
  /** bool, broadcast to [batch, heads, queries, keys]: true where a query may look at a key. */
  readonly mask?: Tensor;
  /** A query sees the keys up to its own position only, counted so that the last query sees every key. */
  readonly causal?: boolean;
}

/** Stands for −∞: its softmax is exactly 0, and a query that may see nothing gets the mean instead of NaN. */
const hidden = -1e9;

/**
 * How much each query looks at each key: softmax(QKᵀ/√d + M), M = 0 where a query may look and −∞ elsewhere. Rows sum to 1.
 *
 * Shapes: q [batch, …, queries, d], k [batch, …, keys, d] → [batch, …, queries, keys].
 *
 * Source: Vaswani et al. 2017, eq. 1.
 */
export function attentionWeights(q: Tensor, k: Tensor, { mask, causal = false }: AttentionMask = {}): Tensor {
  // Scaling the queries costs less than scaling the scores.
  const scores = q.mul(1 / Math.sqrt(at(q.shape, -1))).matmul(k.swapAxes());
  const [queries, keys] = [at(q.shape, -2), at(k.shape, -2)];
  const past = causal ? triangularMask(queries, keys, keys - queries) : undefined;
  const visible = past !== undefined && mask !== undefined ? logicalAnd(past, mask) : (past ?? mask);
  // A sum, with a constant where the past alone decides: choosing among the scores takes four times as long as adding
  // to them, here and again in the gradient.
  const masked = visible === undefined ? scores : scores.add(where(visible, 0, hidden));
  return masked.softmax();
}

/**
 * softmax(QKᵀ/√d + M)·V: values by the weights of `attentionWeights`.
 *
 * Shapes: q [batch, …, queries, d], k [batch, …, keys, d], v [batch, …, keys, e] → [batch, …, queries, e].
 * While training, attention weights are dropped with probability `dropout`.
 *
 * Source: Vaswani et al. 2017, eq. 1.
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { dropout: p = 0, ...options }: AttentionMask & Context & { readonly dropout?: number } = {},
): Tensor {
  return dropout(attentionWeights(q, k, options), p, options).matmul(v);
}

export interface MultiHeadAttentionOptions {
  readonly rng: Rng;
  /** Whether the projections have biases; default true. */
  readonly bias?: boolean;
  /** Probability of dropping an attention weight while training; default 0. */
  readonly dropout?: number;
  /** Size of the keys' and values' vectors where they differ from the queries'. */
  readonly keySize?: number;
  readonly valueSize?: number;
}

/**
 * heads parallel attentions on projections of the input, joined and projected again:
 * y = concat(attention(qₕ, kₕ, vₕ))·Woᵀ + bo, q = x·Wqᵀ + bq cut into heads of size/heads, likewise k and v.
 *
 * Shapes: query [batch, queries, size], key [batch, keys, keySize], value [batch, keys, valueSize] →
 * [batch, queries, size]. Without key it is self-attention. Variables: `in_proj_weight` [3·size, size] (the rows of q, k
 * and v) or, with a keySize or valueSize of its own, `q_proj_weight`, `k_proj_weight`, `v_proj_weight`;
 * `in_proj_bias` [3·size]; `out_proj.weight` [size, size], `out_proj.bias` [size].
 * First values: projections Xavier uniform, biases 0, out_proj.weight as Linear.
 * @throws ShapeError where size is no multiple of heads, or the input is not [batch, positions, size]
 *
 * Source: Vaswani et al. 2017, section 3.2.2; PyTorch's nn.MultiheadAttention with batch_first. Unlike PyTorch's, a true
 * entry of the mask means "may look", and only the result is returned.
 */
export class MultiHeadAttention extends Module {
  readonly in_proj_weight: Variable | null = null;
  readonly q_proj_weight: Variable | null = null;
  readonly k_proj_weight: Variable | null = null;
  readonly v_proj_weight: Variable | null = null;
  readonly in_proj_bias: Variable | null;
  readonly out_proj: Linear;
  readonly size: number;
  readonly heads: number;
  readonly dropout: number;

  constructor(
    size: number,
    heads: number,
    { rng, bias = true, dropout: p = 0, keySize = size, valueSize = size }: MultiHeadAttentionOptions,
  ) {
    super();
    if (!Number.isInteger(size / heads)) {
      throw new ShapeError({
        operation: 'MultiHeadAttention',
        expected: 'a size that is a multiple of the number of heads',
        got: `size ${size}, ${heads} heads`,
      });
    }
    this.size = size;
    this.heads = heads;
    this.dropout = checkProbability(p);
    if (keySize === size && valueSize === size) {
      this.in_proj_weight = parameter([3 * size, size], xavierUniform(), rng);
    } else {
      this.q_proj_weight = parameter([size, size], xavierUniform(), rng);
      this.k_proj_weight = parameter([size, keySize], xavierUniform(), rng);
      this.v_proj_weight = parameter([size, valueSize], xavierUniform(), rng);
    }
    this.in_proj_bias = bias ? filled([3 * size], 0) : null;
    this.out_proj = new Linear(size, size, { rng, bias, biasInitializer: zeros });
  }

  forward(
    query: Tensor,
    {
      key = query,
      value = key,
      mask,
      causal = false,
      ...context
    }: AttentionMask & Context & { readonly key?: Tensor; readonly value?: Tensor } = {},
  ): Tensor {
    for (const t of [query, key, value]) {
      if (t.rank !== 3 || t.shape[0] !== query.shape[0]) {
        throw new ShapeError({
          operation: 'MultiHeadAttention',
          expected: 'inputs [batch, positions, size] of one batch',
          got: formatShape(t.shape),
        });
      }
    }
    const [q, k, v] = this.#project(query, key, value).map((t) => this.#cut(t)) as [Tensor, Tensor, Tensor];
    const options = { causal, dropout: this.dropout, ...context };
    const y = attention(q, k, v, mask === undefined ? options : { mask, ...options }); // [batch, heads, queries, size / heads]
    return this.out_proj.forward(y.transpose([0, 2, 1, 3]).reshape(query.shape));
  }

  /** q, k and v, each [batch, positions, size]; with one input, by one product. */
  #project(query: Tensor, key: Tensor, value: Tensor): Tensor[] {
    const weight = this.in_proj_weight;
    const bias = this.in_proj_bias;
    if (weight !== null && query === key && key === value) {
      return project(query, weight, bias).split(3, -1);
    }
    const weights = weight?.split(3) ?? [this.q_proj_weight!, this.k_proj_weight!, this.v_proj_weight!];
    const biases = bias?.split(3) ?? [null, null, null];
    return [query, key, value].map((x, i) => project(x, weights[i]!, biases[i]!));
  }

  /** [batch, positions, size] → [batch, heads, positions, size / heads] */
  #cut(x: Tensor): Tensor {
    const [batch, positions] = [at(x.shape, 0), at(x.shape, 1)];
    return x.reshape([batch, positions, this.heads, this.size / this.heads]).transpose([0, 2, 1, 3]);
  }
}

function project(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const y = x.matmul(weight.swapAxes());
  return bias === null ? y : y.add(bias);
}
