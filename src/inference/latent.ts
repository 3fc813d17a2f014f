/** Through the latent space: reconstruction and interpolation, for every model that encodes and decodes. */
import type { ModelInstance } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor, Tensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import { hostBatch } from '../data/host-batches.js';
import { Rng } from '../random/rng.js';
import { compile } from '../runtime/program.js';

const batchSize = 32;

/** Rows of `rows` through a function, a fixed number at a time; the result is cut to the rows that were asked for. */
export async function mapRows(
  rows: HostTensor,
  run: (batch: HostTensor, firstRow: number) => Promise<HostTensor>,
): Promise<HostTensor> {
  const count = rows.shape[0]!;
  const width = sizeOf(rows.shape.slice(1));
  let shape: readonly number[] = [];
  let out = new Float32Array(0);
  for (let first = 0; first < count; first += batchSize) {
    const used = Math.min(batchSize, count - first);
    const data = new Float32Array(batchSize * width);
    data.set((rows.data as Float32Array).subarray(first * width, (first + used) * width));
    const result = await run({ shape: [batchSize, ...rows.shape.slice(1)], dtype: 'float32', data }, first);
    shape = result.shape.slice(1);
    if (first === 0) out = new Float32Array(count * sizeOf(shape));
    out.set((result.data as Float32Array).subarray(0, used * sizeOf(shape)), first * sizeOf(shape));
  }
  return { shape: [count, ...shape], dtype: 'float32', data: out };
}

function need<K extends 'encode' | 'decode' | 'reconstruct'>(instance: ModelInstance, operation: string, name: K) {
  const capability = instance.capabilities[name];
  if (capability !== undefined) return capability as NonNullable<ModelInstance['capabilities'][K]>;
  throw new UsageError({
    operation,
    expected: `a model that can ${name}`,
    got: 'one that cannot',
    remedy: "'genera list models' shows what each model can do.",
  });
}

/** Items [n, ...shape] after a pass through the bottleneck. */
export function reconstructItems(
  instance: ModelInstance,
  items: HostTensor,
  { seed }: { seed: number },
): Promise<HostTensor> {
  const reconstruct = need(instance, 'reconstruct', 'reconstruct');
  const rng = new Rng({ stream: 'reconstruct' });
  const program = compile((x: Tensor) => reconstruct(x, { rng }), { name: 'reconstruct' });
  return mapRows(items, (batch, firstRow) => program.run([batch], { seed, firstRow }));
}

/** Mean codes [n, ...latent] of items. */
export function encodeItems(instance: ModelInstance, items: HostTensor): Promise<HostTensor> {
  const encode = need(instance, 'encode', 'encode');
  const program = compile((x: Tensor) => encode(x).mean, { name: 'encode' });
  return mapRows(items, (batch) => program.run([batch]));
}

/** Items of codes. */
export function decodeCodes(instance: ModelInstance, codes: HostTensor): Promise<HostTensor> {
  const decode = need(instance, 'decode', 'decode');
  const program = compile((z: Tensor) => decode(z), { name: 'decode' });
  return mapRows(codes, (batch) => program.run([batch]));
}

/**
 * Ways between pairs of codes. 'lerp': straight lines, (1 − t)a + tb. 'slerp': along the arc between the directions,
 * a·sin((1 − t)ω)/sin ω + b·sin(tω)/sin ω, which keeps the length that codes of a normal prior have (Shoemake 1985).
 * @param from codes [n, d], `to` likewise → [n·steps, d], row by row, ends included
 */
export function interpolateCodes(
  from: HostTensor,
  to: HostTensor,
  { steps, mode }: { steps: number; mode: 'lerp' | 'slerp' },
): HostTensor {
  if (!Number.isInteger(steps) || steps < 2) {
    throw new UsageError({ operation: 'interpolate', expected: 'at least 2 steps', got: `${steps}` });
  }
  const n = from.shape[0]!;
  const d = sizeOf(from.shape.slice(1));
  const out = new Float32Array(n * steps * d);
  for (let i = 0; i < n; i++) {
    const a = (from.data as Float32Array).subarray(i * d, (i + 1) * d);
    const b = (to.data as Float32Array).subarray(i * d, (i + 1) * d);
    const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
    const arc = mode === 'slerp' && Math.sin(angle) > 1e-6;
    for (let s = 0; s < steps; s++) {
      const t = s / (steps - 1);
      const wa = arc ? Math.sin((1 - t) * angle) / Math.sin(angle) : 1 - t;
      const wb = arc ? Math.sin(t * angle) / Math.sin(angle) : t;
      for (let k = 0; k < d; k++) out[(i * steps + s) * d + k] = wa * a[k]! + wb * b[k]!;
    }
  }
  return { shape: [n * steps, ...from.shape.slice(1)], dtype: 'float32', data: out };
}

function dot(a: Float32Array, b: Float32Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/** Pictures on the way between pairs of items of a data set: [pairs·steps, ...shape], one row of `steps` a pair. */
export async function interpolateItems(
  instance: ModelInstance,
  data: DataSet,
  pairs: readonly (readonly [number, number])[],
  options: { steps: number; mode: 'lerp' | 'slerp' },
): Promise<HostTensor> {
  need(instance, 'interpolate', 'decode');
  const codesOf = (side: 0 | 1): Promise<HostTensor> =>
    encodeItems(
      instance,
      hostBatch(
        data,
        pairs.map((pair) => pair[side]),
      ).x,
    );
  return decodeCodes(instance, interpolateCodes(await codesOf(0), await codesOf(1), options));
}
