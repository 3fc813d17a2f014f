import { UsageError } from '../core/errors.js';
import type { Variable } from '../core/leaves.js';
import type { Tensor } from '../core/tensor.js';
import { where } from '../ops/index.js';
import type { Rng } from '../random/rng.js';
import { type Initializer, normal } from './initializers.js';
import { Module } from './module.js';
import { parameter } from './parameter.js';

export interface EmbeddingOptions {
  readonly rng: Rng;
  /** A row that starts at zero and is never trained: padding. */
  readonly paddingIndex?: number;
  /** First values; default N(0, 1). */
  readonly weightInitializer?: Initializer;
}

/**
 * Rows of a table: y[…] = W[indices[…]].
 *
 * Shapes: indices […] of int32 or int64, in 0…count − 1 → […, size]; `weight` [count, size].
 * First values: N(0, 1).
 * @throws DTypeError where the indices are no integers; BackendError at run time for an index out of range
 *
 * Source: PyTorch's nn.Embedding.
 */
export class Embedding extends Module {
  readonly weight: Variable;
  readonly paddingIndex: number | undefined;

  constructor(count: number, size: number, { rng, paddingIndex, weightInitializer = normal() }: EmbeddingOptions) {
    super();
    if (paddingIndex !== undefined && !(Number.isInteger(paddingIndex) && paddingIndex >= 0 && paddingIndex < count)) {
      throw new UsageError({
        operation: 'Embedding',
        expected: `a paddingIndex in 0…${count - 1}`,
        got: `${paddingIndex}`,
      });
    }
    this.paddingIndex = paddingIndex;
    const initializer: Initializer = (shape, stream) => {
      const values = weightInitializer(shape, stream);
      return paddingIndex === undefined ? values : values.fill(0, paddingIndex * size, (paddingIndex + 1) * size);
    };
    this.weight = parameter([count, size], initializer, rng);
  }

  forward(indices: Tensor): Tensor {
    const rows = this.weight.gather(indices);
    if (this.paddingIndex === undefined) return rows;
    return where(indices.equal(this.paddingIndex).unsqueeze(-1), rows.stopGradient(), rows);
  }
}
