/**
 * What models of images pixel by pixel share: pixels as a few grey levels, their exact likelihood, and drawing them row by
 * row. A row is one step: what the rows above have left behind is remembered, so no pixel is looked at twice.
 */
import { z } from 'zod';
import type { GivenIteration, Iteration, IterationState, SampleContext } from '../../contract/index.js';
import type { Shape } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Conv2d } from '../../nn/index.js';
import { arange, stack, where, zeros } from '../../ops/index.js';
import type { Rng } from '../../random/rng.js';

/** Levels as int32 [B, 1, H, W] of images in 0…1. */
export function quantize(x: Tensor, levels: number, rng: Rng): Tensor {
  return (levels === 2 ? rng.bernoulli(x) : x.mul(levels - 1).round()).cast('int32');
}

/** What a network sees of levels, and what is shown of them: 0…1. */
export function greyOf(pixels: Tensor, levels: number): Tensor {
  return pixels.cast('float32').mul(1 / (levels - 1));
}

/** ln p of each image in nats, [B], from logits [B, levels, H, W] of its pixels int32 [B, 1, H, W]. */
export function pixelLogProb(logits: Tensor, pixels: Tensor): Tensor {
  const byPixel = logits.transpose([0, 2, 3, 1]).logSoftmax(); // [B, H, W, levels]
  return byPixel.pick(pixels.squeeze(1)).sum([1, 2]);
}

/** W [O, I, 1, K] of a convolution as a matrix [K·I, O]: the kernel at one place. */
export function matrixOf({ weight }: Conv2d): Tensor {
  const [O, I, , K] = weight.shape as [number, number, number, number];
  return weight
    .reshape([O, I, K])
    .transpose([2, 1, 0])
    .reshape([K * I, O]);
}

/** A network that can be asked for one row after the other. */
export interface RowNetwork {
  readonly levels: number;
  /** What is remembered before the first row. */
  start(count: number): IterationState;
  /** Begins the row below those that are remembered. */
  row(state: IterationState, labels: Tensor | undefined): Row;
}

export interface Row {
  /** Logits [B, levels] of the pixel right of those given, each [B] in 0…1; called once for each, from the left. */
  pixel(left: readonly Tensor[]): Tensor;
  /** What is remembered when the row is there, [B, W] in 0…1. */
  end(pixels: Tensor): IterationState;
}

const drawing = z.object({
  temperature: z.number().positive().default(1).describe('Below 1 pixels follow the more probable level more often.'),
});

/** Drawing images of [1, H, W], one row a step. With given x and mask, only where the mask is 1. */
function drawRows(network: RowNetwork, [, H, W]: Shape, temperature: number): Iteration {
  const { levels } = network;
  return {
    steps: H!,
    start: ({ count }) => ({ image: zeros([count, 1, H!, W!]), ...network.start(count) }),
    scalars: (i) => ({ row: i }),
    step: (state, { row: r }, { count, rng, labels, given }: SampleContext) => {
      const here = arange(H!).equal(r!).reshape([1, 1, H!, 1]); // where the row lies in the image
      const rowOf = (t: Tensor): Tensor => where(here, t, 0).sum([1, 2]); // [B, 1, H, W] → [B, W]
      const noise = rng.gumbel([count, W!, levels]);
      const known = given === undefined ? undefined : rowOf(nearestLevels(given.x!, levels));
      const open = given === undefined ? undefined : rowOf(given.mask!.expand([count, 1, H!, W!]));
      const row = network.row(state, labels);
      const pixels: Tensor[] = [];
      for (let c = 0; c < W!; c++) {
        const scores = row
          .pixel(pixels)
          .mul(1 / temperature)
          .add(noise.narrow(1, c, 1).squeeze(1));
        const drawn = greyOf(scores.argmax(), levels); // [B]
        const column = (t: Tensor): Tensor => t.narrow(1, c, 1).squeeze(1);
        pixels.push(known === undefined ? drawn : where(column(open!).greater(0.5), drawn, column(known)));
      }
      const whole = stack(pixels, 1); // [B, W]
      const image = where(here, whole.reshape([count, 1, 1, W!]), state.image!);
      return { image, ...row.end(whole) };
    },
    views: ({ image }) => ({ image: image! }),
    numbers: (i) => ({ row: i }),
    finish: ({ image }, { given }) =>
      given === undefined ? image! : where(given.mask!.expand(image!.shape).greater(0.5), image!, given.x!),
  };
}

/** Images at the nearest levels, 0…1: what is given is not drawn as `quantize` does. */
export function nearestLevels(x: Tensor, levels: number): Tensor {
  return x
    .mul(levels - 1)
    .round()
    .mul(1 / (levels - 1));
}

/** Sampling, and completion of images that are given in part. */
export function drawingOf(
  network: RowNetwork,
  shape: Shape,
): {
  iterate: (settings: Readonly<Record<string, unknown>>) => Iteration;
  sampling: z.ZodObject;
  inpaint: GivenIteration;
} {
  const iterate = ({ temperature }: Readonly<Record<string, unknown>>): Iteration =>
    drawRows(network, shape, Number(temperature));
  return { iterate, sampling: drawing, inpaint: { settings: drawing, iterate } };
}
