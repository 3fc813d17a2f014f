/** Drawing samples from a model, in batches of a fixed size: sample i does not depend on how many are asked for. */
import type { Iteration, IterationState, ModelInstance } from '../contract/index.js';
import { parseSettings } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor, Tensor } from '../core/tensor.js';
import { Rng } from '../random/rng.js';
import { compile, type RunOptions } from '../runtime/program.js';

const batchSize = 32;

export interface SampleOptions {
  readonly count: number;
  readonly seed: number;
  /** Class of each sample, in models that take one; repeated in turn. */
  readonly labels?: readonly number[];
  /** The model's own: steps, guidance, temperature. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Fraction done, 0…1. */
  readonly onProgress?: (fraction: number) => void;
}

/** One batch: labels and run options in, samples [batchSize, ...shape] out. */
type DrawBatch = (
  labels: HostTensor | undefined,
  options: RunOptions,
  onStep: (fraction: number) => void,
) => Promise<HostTensor>;

const drawers = new WeakMap<ModelInstance, Map<string, DrawBatch>>();

/**
 * Samples as float32 [count, ...shape].
 * @throws UsageError where the model cannot be sampled from, or has no such setting
 */
export async function drawSamples(instance: ModelInstance, options: SampleOptions): Promise<HostTensor> {
  const { count, seed, labels, onProgress = () => undefined } = options;
  const draw = drawerFor(instance, options.settings ?? {});
  let out = new Float32Array(0);
  let shape: readonly number[] = [];
  for (let first = 0; first < count; first += batchSize) {
    const asked = (i: number): number => labels![(first + i) % labels!.length]!;
    const data = labels === undefined ? undefined : Int32Array.from({ length: batchSize }, (_, i) => asked(i));
    const classes: HostTensor | undefined =
      data === undefined ? undefined : { shape: [batchSize], dtype: 'int32', data };
    const used = Math.min(batchSize, count - first);
    const drawn = await draw(classes, { seed, firstRow: first }, (f) => onProgress((first + f * used) / count));
    shape = drawn.shape.slice(1);
    if (first === 0) out = new Float32Array(count * sizeOf(shape));
    out.set((drawn.data as Float32Array).subarray(0, used * sizeOf(shape)), first * sizeOf(shape));
    onProgress((first + used) / count);
  }
  return { shape: [count, ...shape], dtype: 'float32', data: out };
}

/** Programs are compiled once for a model and its settings. */
function drawerFor(instance: ModelInstance, given: Readonly<Record<string, unknown>>): DrawBatch {
  const { sample, iterate, sampling } = instance.capabilities;
  const settings = parseSettings('sampling', sampling, given);
  const key = JSON.stringify(settings);
  const known = drawers.get(instance) ?? new Map<string, DrawBatch>();
  drawers.set(instance, known);
  let drawer = known.get(key);
  if (drawer === undefined) {
    if (sample !== undefined) drawer = direct(sample);
    else if (iterate !== undefined) drawer = iterated(iterate(settings));
    else
      throw new UsageError({
        operation: 'sample',
        expected: 'a model that can be sampled from',
        got: 'one that cannot',
      });
    known.set(key, drawer);
  }
  return drawer;
}

const rng = new Rng({ stream: 'sample' });

function contextOf(stream: string, labels: Tensor | undefined) {
  return { count: batchSize, rng: rng.fork(stream), ...(labels === undefined ? {} : { labels }) };
}

function direct(sample: NonNullable<ModelInstance['capabilities']['sample']>): DrawBatch {
  const program = compile((labels: Tensor | undefined) => sample(contextOf('', labels)), { name: 'sample' });
  return (labels, options) => program.run([labels], options);
}

function iterated(iteration: Iteration): DrawBatch {
  const { steps, start, scalars, step, finish } = iteration;
  const starting = compile((labels: Tensor | undefined) => start(contextOf('start', labels)), { name: 'start' });
  const stepping = compile(
    (state: IterationState, values: IterationState, labels: Tensor | undefined) =>
      step(state, values, contextOf('step', labels)),
    { name: 'step' },
  );
  const finishing = compile((state: IterationState) => finish(state), { name: 'finish' });
  return async (labels, options, onStep) => {
    let state = await starting.run([labels], options);
    for (let i = 0; i < steps; i++) {
      const values = Object.entries(scalars(i)).map(([name, value]) => [name, hostScalar(value)] as const);
      state = await stepping.run([state, Object.fromEntries(values), labels], { ...options, step: i + 1 });
      onStep((i + 1) / steps);
    }
    return finishing.run([state], options);
  };
}

function hostScalar(value: number): HostTensor {
  return { shape: [], dtype: 'float32', data: Float32Array.of(value) };
}
