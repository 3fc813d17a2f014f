/** How well a model restores hidden tokens. */

import type { Tensor } from '../core/tensor.js';
import { forBatches } from '../data/host-batches.js';
import { full, where } from '../ops/index.js';
import { Rng } from '../random/rng.js';
import { compile } from '../runtime/program.js';
import type { EvaluationContext } from './contract.js';

const hiddenPart = 0.15;
const windowsAtOnce = 32;

/** Right guesses among tokens of which 15 % are hidden, drawn by the seed. */
export async function maskedAccuracy({ instance, data, seed, onProgress }: EvaluationContext): Promise<number> {
  const { logits, mask } = instance.capabilities.masked!;
  const rng = new Rng({ stream: 'metric/masked' });
  const program = compile(
    (x: Tensor) => {
      const tokens = x.narrow(1, 0, x.shape[1]! - 1);
      const hidden = rng.uniform(tokens.shape).less(hiddenPart);
      const guesses = logits(where(hidden, full([], mask, 'int32'), tokens)).argmax();
      const counted = hidden.cast('float32');
      return { right: guesses.equal(tokens).cast('float32').mul(counted).sum(1), hidden: counted.sum(1) };
    },
    { name: 'masked-accuracy' },
  );
  let [right, hidden] = [0, 0];
  await forBatches(data, windowsAtOnce, async ({ x }, { first, used }) => {
    const result = await program.run([x], { seed, firstRow: first });
    for (let i = 0; i < used; i++) {
      right += Number(result.right.data[i]);
      hidden += Number(result.hidden.data[i]);
    }
    onProgress((first + used) / data.count);
  });
  return right / hidden;
}
