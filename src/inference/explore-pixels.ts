/** Questions to models that draw pixel by pixel: what a pixel depends on, and what it may become. */
import { UsageError } from '../core/errors.js';
import { at } from '../core/shape.js';
import type { HostTensor, Tensor } from '../core/tensor.js';
import type { HostBatch } from '../data/host-batches.js';
import { eye, grad } from '../ops/index.js';
import { compile } from '../runtime/program.js';
import type { Answers, Explored } from './explore-queries.js';
import { need } from './need.js';
import { programOf } from './programs.js';
import { pickRows } from './rows.js';

/**
 * @param item one row
 * @throws UsageError where the model does not draw pixel by pixel, or the image has no such pixel
 */
export async function lookAtPixel(
  { instance }: Explored,
  { x, labels }: HostBatch,
  { row, column }: { readonly row: number; readonly column: number },
): Promise<Omit<Answers['pixel'], 'items' | 'positions'>> {
  const { levels, nearest, logits } = need(instance, 'pixel', 'pixels', labels);
  const [H, W] = [at(x.shape, -2), at(x.shape, -1)];
  const inside = (i: number, size: number): boolean => Number.isInteger(i) && i >= 0 && i < size;
  if (!inside(row, H) || !inside(column, W)) {
    throw new UsageError({
      operation: 'pixel',
      expected: `a row in 0…${H - 1} and a column in 0…${W - 1}`,
      got: `row ${row}, column ${column}`,
    });
  }
  const program = programOf(instance, 'pixel', () =>
    compile(
      ({ images, place, told }: { images: Tensor; place: Tensor; told?: Tensor }) => {
        const seen = nearest(images);
        const all = logits(seen, { labels: told }); // [levels, levels, H, W]
        // Image l of the batch is asked for the logit of level l only, so one walk gives the gradient of each.
        const asked = all
          .mul(eye(levels).reshape([levels, levels, 1, 1]))
          .mul(place)
          .sum();
        return {
          field: grad(asked, seen).abs().mean(0, { keepDims: true }), // [1, 1, H, W]
          probabilities: all.narrow(0, 0, 1).softmax(1).squeeze(0), // [levels, H, W]
        };
      },
      { name: 'pixel' },
    ),
  );
  const place = new Float32Array(H * W);
  place[row * W + column] = 1;
  const copies = (t: HostTensor): HostTensor => pickRows(t, new Array<number>(levels).fill(0));
  return program.run([
    {
      images: copies(x),
      place: { shape: [H, W], dtype: 'float32', data: place },
      ...(labels === undefined ? {} : { told: copies(labels) }),
    },
  ]);
}
