/** Losses on data that is not trained on. */
import type { ModelInstance, TensorBatch } from '../contract/index.js';
import { tensor } from '../core/leaves.js';
import type { DataSet } from '../data/data-set.js';
import { forBatches } from '../data/host-batches.js';
import type { AtStep } from '../optim/index.js';
import { Rng } from '../random/rng.js';
import { compile } from '../runtime/program.js';

const cache = new WeakMap<ModelInstance, ReturnType<typeof compileLosses>>();

/** A number that changes in training is the one it ends with. */
const inTheEnd: AtStep = (_, at) => tensor(at(Infinity));

function compileLosses(instance: ModelInstance) {
  const rng = new Rng({ stream: 'validation' });
  const several = instance.phases.length > 1;
  return compile(
    (batch: TensorBatch) =>
      Object.fromEntries(
        instance.phases.flatMap((phase) => {
          const { loss, metrics = {} } = phase.loss(batch, {
            rng: rng.fork(phase.name),
            train: false,
            atStep: inTheEnd,
          });
          return Object.entries({ loss, ...metrics }).map(([name, t]) => [several ? `${phase.name}.${name}` : name, t]);
        }),
      ),
    { name: 'validate' },
  );
}

/** Every phase's loss and metrics, averaged over whole batches of the data. */
export async function meanLosses(
  instance: ModelInstance,
  data: DataSet,
  { seed, batchSize = 100 }: { seed: number; batchSize?: number },
): Promise<Record<string, number>> {
  if (instance.fitting !== undefined) return { ...(await instance.fitting.evaluate(data)) };
  const program = cache.get(instance) ?? compileLosses(instance);
  cache.set(instance, program);
  const totals: Record<string, number> = {};
  let batches = 0;
  await forBatches(data, Math.min(batchSize, data.count), async (batch, { first, used, size }) => {
    if (used < size) return; // a loss is a mean over its batch: a partial one would count wrongly
    const results = await program.run([batch], { seed, firstRow: first });
    for (const [name, value] of Object.entries(results)) totals[name] = (totals[name] ?? 0) + Number(value.data[0]);
    batches++;
  });
  return Object.fromEntries(Object.entries(totals).map(([name, total]) => [name, total / batches]));
}
