/** What the discriminator of an adversarial pair says of items. */
import type { ModelInstance, TensorBatch } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { HostTensor } from '../core/tensor.js';
import type { HostBatch } from '../data/host-batches.js';
import { compile } from '../runtime/program.js';
import { programOf } from './programs.js';
import { mapRows } from './rows.js';

/**
 * One number for each item, float32 [n]: the higher, the more real.
 * @throws UsageError where the model has no discriminator that judges items one by one
 */
export async function judgeItems(instance: ModelInstance, items: HostBatch): Promise<HostTensor> {
  const { judge, classes } = instance.capabilities;
  if (judge === undefined) {
    throw new UsageError({
      operation: 'judge',
      expected: 'a model with a discriminator that judges items one by one, such as gan',
      got: 'one without',
      remedy: "'genera list models' shows what each model can do.",
    });
  }
  if (classes?.required === true && items.labels === undefined) {
    throw new UsageError({ operation: 'judge', expected: 'a label, since the model is conditional', got: 'none' });
  }
  const program = programOf(instance, 'judge', () =>
    compile(({ x, labels }: TensorBatch) => ({ scores: judge(x, { labels }) }), { name: 'judge' }),
  );
  return (await mapRows(items, (batch) => program.run([batch]))).scores;
}
