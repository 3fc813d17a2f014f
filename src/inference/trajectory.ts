/** Looking at sampling in many steps while it goes on. */
import type { ModelInstance } from '../contract/index.js';
import { parseSettings } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';
import { IterationProgram } from './iteration.js';
import { programOf } from './programs.js';
import { batchSize } from './rows.js';
import { classesOf } from './sampling.js';

export interface TrajectoryOptions {
  readonly count: number;
  readonly seed: number;
  /** How often is looked, evenly over the steps, the last step included; at most as often as there are steps. */
  readonly frames: number;
  readonly labels?: readonly number[];
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly onProgress?: (fraction: number) => void;
}

export interface Trajectory {
  /** Of each look, the part of the way that is done. */
  readonly fractions: readonly number[];
  /** Pictures by name, float32 [count, frames, ...shape]. */
  readonly views: Readonly<Record<string, HostTensor>>;
  /** Numbers of each look by name; for diffusion the time, and ᾱ at it. */
  readonly numbers: Readonly<Record<string, readonly number[]>>;
}

/**
 * The way of samples from noise, the same that `drawSamples` takes with this seed and these settings.
 * @throws UsageError where the model does not sample in steps that can be looked at, or has no such setting
 */
export async function drawTrajectory(instance: ModelInstance, options: TrajectoryOptions): Promise<Trajectory> {
  const { count, seed, frames: asked, onProgress = () => undefined } = options;
  const { iterate, sampling } = instance.capabilities;
  const settings = parseSettings('sampling', sampling, options.settings ?? {});
  const iteration = iterate?.(settings);
  if (iteration?.views === undefined) {
    throw new UsageError({
      operation: 'denoise',
      expected: 'a model that samples in steps, such as ddpm, or restores spoilt items, such as dae',
      got: 'one that does not',
      remedy: "'genera list models' shows what each model can do.",
    });
  }
  const frames = Math.min(asked, iteration.steps);
  const looks = Array.from({ length: frames }, (_, i) => Math.round(((i + 1) * iteration.steps) / frames));
  const labels = classesOf(instance, options.labels);
  const name = `sample ${JSON.stringify(settings)}`;
  const program = programOf(instance, name, () => new IterationProgram(iteration, 'sample'));
  const views: Record<string, HostTensor> = {};
  for (let first = 0; first < count; first += batchSize) {
    const used = Math.min(batchSize, count - first);
    const classes = labels && Int32Array.from({ length: batchSize }, (_, i) => labels[(first + i) % labels.length]!);
    const inputs = { labels: classes && ({ shape: [batchSize], dtype: 'int32', data: classes } as const) };
    let step = 0;
    await program.run(inputs, { seed, firstRow: first }, async (fraction, look) => {
      const frame = looks.indexOf(++step);
      if (frame >= 0) keepLook(views, await look(), { count, frames, frame, first, used });
      onProgress((first + fraction * used) / count);
    });
  }
  const numbers = looks.map((n) => iteration.numbers?.(n - 1) ?? {});
  const names = Object.keys(numbers[0] ?? {});
  return {
    fractions: looks.map((n) => n / iteration.steps),
    views,
    numbers: Object.fromEntries(names.map((name) => [name, numbers.map((row) => row[name]!)])),
  };
}

/** Puts what is seen of a batch at a frame where it belongs in the views, [count, frames, ...shape] by name. */
export function keepLook(
  views: Record<string, HostTensor>,
  seen: Readonly<Record<string, HostTensor>>,
  { count, frames, frame, first, used }: Record<'count' | 'frames' | 'frame' | 'first' | 'used', number>,
): void {
  for (const [
    name,
    {
      shape: [, ...shape],
      data,
    },
  ] of Object.entries(seen)) {
    const size = sizeOf(shape);
    views[name] ??= {
      shape: [count, frames, ...shape],
      dtype: 'float32',
      data: new Float32Array(count * frames * size),
    };
    for (let i = 0; i < used; i++) {
      const item = (data as Float32Array).subarray(i * size, (i + 1) * size);
      (views[name].data as Float32Array).set(item, ((first + i) * frames + frame) * size);
    }
  }
}
