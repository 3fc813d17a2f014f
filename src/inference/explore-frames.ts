/** Pictures of how the rest of an item comes about. */
import type { ModelInstance } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';
import type { HostBatch } from '../data/host-batches.js';
import { iterateItems } from './iteration.js';

/**
 * The first item with all but its uppermost part drawn anew, seen on the way: [frames, ...shape], the last one done.
 * @param options.known part of the height that is kept, 0…1
 * @throws UsageError where the model cannot complete items
 */
export async function drawFrames(
  instance: ModelInstance,
  { x, labels }: HostBatch,
  { known, seed, frames: asked }: { readonly known: number; readonly seed: number; readonly frames: number },
): Promise<HostTensor> {
  if (!(known >= 0 && known <= 1)) {
    throw new UsageError({ operation: 'fill, known part', expected: 'a number in 0…1', got: `${known}` });
  }
  const [, , H = 1, W = 1] = x.shape;
  const kept = Math.round(known * H) * W;
  const mask = Float32Array.from({ length: H * W }, (_, i) => (i < kept ? 0 : 1));
  const given = { x, mask: { shape: [1, 1, H, W], dtype: 'float32', data: mask } as const };
  const pictures: Float32Array[] = [];
  const size = sizeOf(x.shape.slice(1));
  const result = await iterateItems(
    instance,
    'inpaint',
    { given, ...(labels === undefined ? {} : { labels }) },
    {
      seed,
      onStep: async (_, look) => {
        const seen = Object.values(await look())[0];
        if (seen !== undefined) pictures.push((seen.data as Float32Array).slice(0, size));
      },
    },
  );
  const last = (result.data as Float32Array).slice(0, size);
  const count = Math.max(1, Math.min(asked, pictures.length + 1));
  const chosen = Array.from(
    { length: count - 1 },
    (_, i) => pictures[Math.floor((i * pictures.length) / (count - 1))]!,
  );
  const data = new Float32Array(count * size);
  for (const [i, picture] of [...chosen, last].entries()) data.set(picture, i * size);
  return { shape: [count, ...x.shape.slice(1)], dtype: 'float32', data };
}
