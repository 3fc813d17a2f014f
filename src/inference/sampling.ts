/** Drawing samples from a model, in batches of a fixed size: sample i does not depend on how many are asked for. */
import type { ModelInstance } from '../contract/index.js';
import { parseSettings } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor, Tensor } from '../core/tensor.js';
import { Rng } from '../random/rng.js';
import { compile, type RunOptions } from '../runtime/program.js';
import { IterationProgram } from './iteration.js';
import { batchSize } from './rows.js';

export interface SampleOptions {
  readonly count: number;
  readonly seed: number;
  /** Classes of the samples, in conditional models, repeated in turn; default: each class where one must be named. */
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
  const { count, seed, onProgress = () => undefined } = options;
  const labels = classesOf(instance, options.labels);
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

/** The classes that are drawn in turn. */
export function classesOf(
  { capabilities: { classes } }: ModelInstance,
  labels: readonly number[] | undefined,
): readonly number[] | undefined {
  if (labels === undefined) {
    return classes?.required === true ? Array.from({ length: classes.count }, (_, i) => i) : undefined;
  }
  const known = classes?.count ?? 0;
  const wrong = labels.find((label) => !(Number.isInteger(label) && label >= 0 && label < known));
  if (wrong === undefined && labels.length > 0) return labels;
  throw new UsageError({
    operation: 'sample by label',
    expected: known === 0 ? 'no labels, since the model is not conditional' : `labels in 0…${known - 1}`,
    got: `${wrong ?? 'an empty list'}`,
    remedy:
      known === 0
        ? 'Leave the labels out, or train a conditional model.'
        : 'Choose among the classes it was trained on.',
  });
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
    else if (iterate !== undefined) {
      const program = new IterationProgram(iterate(settings), 'sample');
      drawer = (labels, options, onStep) => program.run({ labels }, options, onStep);
    } else
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

function direct(sample: NonNullable<ModelInstance['capabilities']['sample']>): DrawBatch {
  const program = compile((labels: Tensor | undefined) => sample({ count: batchSize, rng: rng.fork(''), labels }), {
    name: 'sample',
  });
  return (labels, options) => program.run([labels], options);
}
