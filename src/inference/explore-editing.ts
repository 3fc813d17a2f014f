/** An image on the way to noise, and what diffusion makes of it on the way back. */

import { parseSettings } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { formatShape, sizeOf } from '../core/shape.js';
import type { HostTensor, Tensor } from '../core/tensor.js';
import { fillNormal } from '../random/distributions.js';
import { Rng } from '../random/rng.js';
import { compile } from '../runtime/program.js';
import type { Answers, Explored, Queries } from './explore-queries.js';
import { iterateItems } from './iteration.js';
import { labelsOf } from './labels.js';
import { need } from './need.js';
import { programOf } from './programs.js';
import { pickRows } from './rows.js';
import { keepLook } from './trajectory.js';

/** Images that are worked on at once, at most: those of one run. */
const most = 32;

/**
 * @param image one row
 * @throws UsageError where the model is none of diffusion, or the image has another shape than its items
 */
export async function editImage(
  { instance, data }: Explored,
  image: HostTensor,
  { count, seed, strength, steps, sampler, frames: asked = Infinity, label }: Omit<Queries['edit'], 'item' | 'image'>,
): Promise<Answers['edit']> {
  const noising = need(instance, 'edit', 'noising', undefined);
  const task = need(instance, 'edit', 'imageToImage', undefined);
  if (
    image.shape.length !== data.shape.length + 1 ||
    image.shape.some((n, i) => n !== (i === 0 ? 1 : data.shape[i - 1]))
  ) {
    throw new UsageError({
      operation: 'edit',
      expected: `one image of the model's shape, ${formatShape([1, ...data.shape])}`,
      got: formatShape(image.shape),
      remedy: 'Scale it before.',
    });
  }
  if (!(Number.isInteger(count) && count >= 1 && count <= most)) {
    throw new UsageError({ operation: 'edit', expected: `1 to ${most} images`, got: `${count}` });
  }
  const given = { strength, ...(steps === undefined ? {} : { steps }), ...(sampler === undefined ? {} : { sampler }) };
  const iteration = task.iterate(parseSettings('edit', task.settings, given));
  const x = pickRows(image, new Array<number>(count).fill(0));
  const noise = noiseLike(x, seed);
  const total = Math.max(1, Math.min(asked, iteration.steps));

  // To noise: the times from the item to where the walk back begins.
  const program = programOf(instance, 'noised', () =>
    compile((items: Tensor, drawn: Tensor, left: Tensor) => ({ x_t: noising.noised(items, drawn, left) }), {
      name: 'noised',
    }),
  );
  const start = iteration.numbers!(0).time!;
  const times = Array.from({ length: total }, (_, i) => (start * (i + 1)) / total);
  const alphaBars = times.map((time) => noising.alphaBar(time));
  const there: Record<string, HostTensor> = {};
  const size = { count, frames: total, first: 0, used: count };
  for (const [i, left] of alphaBars.entries()) {
    const seen = await program.run([x, noise, { shape: [], dtype: 'float32', data: Float32Array.of(left) }]);
    keepLook(there, seen, { ...size, frame: i });
  }

  // And back.
  const looks = Array.from({ length: total }, (_, i) => Math.round(((i + 1) * iteration.steps) / total));
  const back: Record<string, HostTensor> = {};
  let step = 0;
  const labels = labelsOf(label, count);
  await iterateItems(
    instance,
    'imageToImage',
    { given: { x, noise }, labels },
    {
      seed,
      settings: given,
      onStep: async (_, look) => {
        const frame = looks.indexOf(++step);
        if (frame >= 0) keepLook(back, await look(), { ...size, frame });
      },
    },
  );
  const numbers = looks.map((n) => iteration.numbers!(n - 1));
  return {
    image,
    noising: {
      fractions: times.map((time) => time / start),
      views: there,
      numbers: { time: times, alpha_bar: alphaBars },
    },
    denoising: {
      fractions: looks.map((n) => n / iteration.steps),
      views: back,
      numbers: { time: numbers.map((n) => n.time!), alpha_bar: numbers.map((n) => n.alpha_bar!) },
    },
  };
}

/** Normal noise of this shape; each row depends on the seed and its position alone. */
function noiseLike({ shape }: HostTensor, seed: number): HostTensor {
  const data = new Float32Array(sizeOf(shape));
  fillNormal(data, { ...new Rng({ seed, stream: 'edit' }).host(), rowSize: sizeOf(shape.slice(1)) });
  return { shape, dtype: 'float32', data };
}
