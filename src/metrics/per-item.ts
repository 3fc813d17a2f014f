/** Means over a data set of functions that give one number an item. */
import type { Tensor } from '../core/tensor.js';
import { forBatches } from '../data/host-batches.js';
import { Rng } from '../random/rng.js';
import { compile } from '../runtime/program.js';
import type { EvaluationContext } from './contract.js';

/** (1/n) Σ f(xᵢ), with f traced: [B, ...shape] → [B]; noise of item i depends on the seed and i alone. */
export async function meanOverItems(
  { data, seed, onProgress }: Omit<EvaluationContext, 'instance'>,
  name: string,
  batchSize: number,
  fn: (x: Tensor, rng: Rng) => Tensor,
): Promise<number> {
  const rng = new Rng({ stream: `metric/${name}` });
  const program = compile((x: Tensor) => fn(x, rng), { name });
  let total = 0;
  await forBatches(data, batchSize, async ({ x }, { first, used }) => {
    const values = (await program.run([x], { seed, firstRow: first })).data as Float32Array;
    for (let i = 0; i < used; i++) total += values[i]!;
    onProgress((first + used) / data.count);
  });
  return total / data.count;
}
