/** Functions that give one row an item, over a data set, and their means. */
import type { NoiseContext, TensorBatch } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { forBatches } from '../data/host-batches.js';
import { Rng } from '../random/rng.js';
import { compile } from '../runtime/program.js';
import type { EvaluationContext } from './contract.js';

/**
 * f(xᵢ) of every item, row by row, with f traced: [B, ...shape] → [B, …]; noise of item i depends on the seed and i
 * alone. The traced function is given the items' labels where there are any.
 * @throws UsageError where a conditional model is measured on items without labels
 */
export async function valuesOfItems(
  { instance, data, seed, onProgress }: EvaluationContext,
  name: string,
  batchSize: number,
  fn: (x: Tensor, context: NoiseContext) => Tensor,
): Promise<Float32Array> {
  if (instance.capabilities.classes?.required === true && data.labels === undefined) {
    throw new UsageError({
      operation: `metric ${name}`,
      expected: 'items with labels, since the model is conditional',
      got: `${data.id} without`,
      remedy: 'Choose a labelled data set.',
    });
  }
  const rng = new Rng({ stream: `metric/${name}` });
  const program = compile(({ x, labels }: TensorBatch) => fn(x, { rng, labels }), { name });
  let out = new Float32Array(0);
  await forBatches(data, batchSize, async (batch, { first, used }) => {
    const { data: rows, shape } = await program.run([batch], { seed, firstRow: first });
    const width = sizeOf(shape.slice(1));
    if (first === 0) out = new Float32Array(data.count * width);
    out.set((rows as Float32Array).subarray(0, used * width), first * width);
    onProgress((first + used) / data.count);
  });
  return out;
}

/** (1/n) Σ f(xᵢ), with f as for `valuesOfItems`, one number an item. */
export async function meanOverItems(
  context: EvaluationContext,
  name: string,
  batchSize: number,
  fn: (x: Tensor, context: NoiseContext) => Tensor,
): Promise<number> {
  const values = await valuesOfItems(context, name, batchSize, fn);
  let total = 0;
  for (const value of values) total += value;
  return total / values.length;
}
