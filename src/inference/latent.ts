/**
 * Through the latent space: reconstruction, for models that encode and decode; interpolation, for all that decode: those
 * that do not encode begin at draws from their prior.
 */
import type { ModelInstance, TensorBatch } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import { type HostBatch, hostBatch } from '../data/host-batches.js';
import { fillNormal } from '../random/distributions.js';
import { Rng } from '../random/rng.js';
import { compile } from '../runtime/program.js';
import { iterateItems } from './iteration.js';
import { need } from './need.js';
import { programOf } from './programs.js';
import { mapRows, pickRows } from './rows.js';

/** Items [n, ...shape] after a pass through the bottleneck. */
export async function reconstructItems(
  instance: ModelInstance,
  items: HostBatch,
  { seed }: { seed: number },
): Promise<HostTensor> {
  if (instance.capabilities.iteratedEncode !== undefined) {
    return decodeCodes(instance, (await encodeItems(instance, items)).mean, items.labels);
  }
  const reconstruct = need(instance, 'reconstruct', 'reconstruct', items.labels);
  const program = programOf(instance, 'reconstruct', () => {
    const rng = new Rng({ stream: 'reconstruct' });
    return compile(({ x, labels }: TensorBatch) => ({ y: reconstruct(x, { rng, labels }) }), { name: 'reconstruct' });
  });
  return (await mapRows(items, (batch, firstRow) => program.run([batch], { seed, firstRow }))).y;
}

/** Items [n, ...shape] spoilt as a denoising model sees them while it trains. */
export async function corruptItems(
  instance: ModelInstance,
  items: HostBatch,
  { seed }: { seed: number },
): Promise<HostTensor> {
  const corrupt = need(instance, 'denoise', 'corrupt', items.labels);
  const program = programOf(instance, 'corrupt', () => {
    const rng = new Rng({ stream: 'corrupt' });
    return compile(({ x, labels }: TensorBatch) => ({ y: corrupt(x, { rng, labels }) }), { name: 'corrupt' });
  });
  return (await mapRows(items, (batch, firstRow) => program.run([batch], { seed, firstRow }))).y;
}

/** Codes [n, ...latent] of items: the means, and log variances where the encoder is a distribution. */
export async function encodeItems(
  instance: ModelInstance,
  items: HostBatch,
): Promise<{ readonly mean: HostTensor; readonly logVariance?: HostTensor }> {
  if (instance.capabilities.iteratedEncode !== undefined) {
    const given = { x: items.x };
    return { mean: await iterateItems(instance, 'iteratedEncode', { given, labels: items.labels }, { seed: 0 }) };
  }
  const encode = need(instance, 'encode', 'encode', items.labels);
  const program = programOf(instance, 'encode', () =>
    compile(({ x, labels }: TensorBatch) => ({ ...encode(x, { labels }) }), { name: 'encode' }),
  );
  return mapRows(items, (batch) => program.run([batch]));
}

/**
 * Codes [rows.length, ...latent] drawn from a normal prior: each depends on the seed and its row alone.
 * @throws UsageError where the model has no such prior
 */
export function priorCodes(
  { capabilities: { latent } }: ModelInstance,
  rows: readonly number[],
  { seed }: { seed: number },
): HostTensor {
  if (latent?.prior !== 'normal') {
    throw new UsageError({
      operation: 'draw codes',
      expected: 'a model with a normal prior on its codes',
      got: latent === undefined ? 'one without a latent space' : 'one without',
      remedy: "'genera list models' shows what each model can do.",
    });
  }
  const size = sizeOf(latent.shape);
  const data = new Float32Array(rows.length * size);
  const place = new Rng({ seed, stream: 'prior' }).host();
  for (const [i, row] of rows.entries()) {
    fillNormal(data.subarray(i * size, (i + 1) * size), { ...place, firstRow: row });
  }
  return { shape: [rows.length, ...latent.shape], dtype: 'float32', data };
}

/** Items of codes [n, ...latent]; conditional models need the labels int32 [n] as well. */
export async function decodeCodes(
  instance: ModelInstance,
  codes: HostTensor,
  labels?: HostTensor | undefined,
): Promise<HostTensor> {
  if (instance.capabilities.iteratedDecode !== undefined) {
    return iterateItems(instance, 'iteratedDecode', { given: { z: codes }, labels }, { seed: 0 });
  }
  const decode = need(instance, 'decode', 'decode', labels);
  const program = programOf(instance, 'decode', () =>
    compile((batch: TensorBatch) => ({ y: decode(batch.x, { labels: batch.labels }) }), { name: 'decode' }),
  );
  return (await mapRows({ x: codes, ...(labels === undefined ? {} : { labels }) }, (batch) => program.run([batch]))).y;
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

/**
 * Pictures on the way between pairs of items of a data set: [pairs·steps, ...shape], one row of `steps` a pair. A
 * conditional model is told the label of the first item all the way: then the style changes and the class stays.
 * Where the model does not encode, draws from its prior stand for the codes, one for each item's position.
 */
export async function interpolateItems(
  instance: ModelInstance,
  data: DataSet,
  pairs: readonly (readonly [number, number])[],
  options: { steps: number; mode: 'lerp' | 'slerp' },
): Promise<HostTensor> {
  const side = (i: 0 | 1): HostBatch =>
    hostBatch(
      data,
      pairs.map((pair) => pair[i]),
    );
  const { labels } = side(0);
  const { encode, iteratedEncode, iteratedDecode, latent } = instance.capabilities;
  if (iteratedDecode === undefined) need(instance, 'interpolate', 'decode', labels);
  const codesOf = async (i: 0 | 1): Promise<HostTensor> => {
    if ((encode ?? iteratedEncode) !== undefined || latent === undefined)
      return (await encodeItems(instance, side(i))).mean;
    return priorCodes(
      instance,
      pairs.map((pair) => pair[i]),
      { seed: 0 },
    );
  };
  const between = interpolateCodes(await codesOf(0), await codesOf(1), options);
  const rows = pairs.flatMap((_, i) => new Array<number>(options.steps).fill(i));
  return decodeCodes(instance, between, labels === undefined ? undefined : pickRows(labels, rows));
}
