/** Drawing samples from a model, in batches of a fixed size: sample i does not depend on how many are asked for. */
import type { ModelInstance } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { HostTensor, Tensor } from '../core/tensor.js';
import { Rng } from '../random/rng.js';
import { compile, type Program } from '../runtime/program.js';
import { sizeOf } from '../core/shape.js';

const batchSize = 32;

export interface SampleOptions {
  readonly count: number;
  readonly seed: number;
  /** Class of each sample, in models that take one; repeated in turn. */
  readonly labels?: readonly number[];
  readonly onProgress?: (done: number, total: number) => void;
}

const programs = new WeakMap<ModelInstance, Program<[Tensor | undefined], Tensor>>();

/** Samples as float32 [count, ...shape]. */
export async function drawSamples(instance: ModelInstance, options: SampleOptions): Promise<HostTensor> {
  const { count, seed, labels, onProgress } = options;
  const { sample } = instance.capabilities;
  if (sample === undefined) {
    throw new UsageError({ operation: 'sample', expected: 'a model that can be sampled from', got: 'one that cannot' });
  }
  const rng = new Rng({ stream: 'sample' });
  const program =
    programs.get(instance) ??
    compile((asked: Tensor | undefined) => sample({ count: batchSize, rng, ...(asked === undefined ? {} : { labels: asked }) }), {
      name: 'sample',
    });
  programs.set(instance, program);
  let out = new Float32Array(0);
  let shape: readonly number[] = [];
  for (let first = 0; first < count; first += batchSize) {
    const asked: HostTensor | undefined =
      labels === undefined
        ? undefined
        : {
            shape: [batchSize],
            dtype: 'int32',
            data: Int32Array.from({ length: batchSize }, (_, i) => labels[(first + i) % labels.length]!),
          };
    const drawn = await program.run([asked], { seed, firstRow: first });
    shape = drawn.shape.slice(1);
    if (first === 0) out = new Float32Array(count * sizeOf(shape));
    const used = Math.min(batchSize, count - first);
    out.set((drawn.data as Float32Array).subarray(0, used * sizeOf(shape)), first * sizeOf(shape));
    onProgress?.(first + used, count);
  }
  return { shape: [count, ...shape], dtype: 'float32', data: out };
}
