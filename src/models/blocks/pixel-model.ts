/** What pixelcnn and pixelrnn share around their networks: settings, the training by exact likelihood, capabilities. */
import { z } from 'zod';
import type { ModelInstance } from '../../contract/index.js';
import { UsageError } from '../../core/errors.js';
import { formatShape, type Shape } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Module } from '../../nn/index.js';
import { adam, cosine, warmUp } from '../../optim/index.js';
import type { Rng } from '../../random/rng.js';
import { drawingOf, greyOf, nearestLevels, pixelLogProb, quantize, type RowNetwork } from './pixels.js';

export const pixelFields = {
  levels: z
    .number()
    .int()
    .min(2)
    .max(16)
    .default(2)
    .describe('Grey levels of a pixel. 2: drawn as black or white with the grey value as probability, anew each time.'),
  classConditional: z.boolean().default(false).describe('Tell the network the class of each image.'),
  batchSize: z.number().int().positive().default(32).describe('Images per step.'),
  epochs: z.number().positive().default(5).describe('Passes over the training data.'),
  learningRate: z.number().positive().default(2e-3).describe('Highest rate; it falls to 0 along a cosine.'),
  clipNorm: z.number().positive().default(10).describe('Gradients of a larger norm are scaled down to it.'),
};

/** A network that sees all pixels before each one. */
export interface PixelNetwork extends Module, RowNetwork {
  /** Logits [B, levels, H, W] of pixels in 0…1, [B, 1, H, W]. */
  forward(x: Tensor, labels: Tensor | undefined): Tensor;
}

interface Settings {
  readonly learningRate: number;
  readonly clipNorm: number;
}

/** @throws UsageError for images of several channels */
export function checkGrey(model: string, shape: Shape): void {
  if (shape.length === 3 && shape[0] === 1) return;
  throw new UsageError({
    operation: `model ${model}`,
    expected: 'grey images, [1, H, W]',
    got: formatShape(shape),
    remedy: 'Choose a data set of grey images, such as mnist.',
  });
}

/** @param classes of the labels that the network is told; 0: none */
export function pixelModel(
  net: PixelNetwork,
  { learningRate, clipNorm }: Settings,
  { shape, classes, totalSteps }: { shape: Shape; classes: number; totalSteps: number },
): ModelInstance {
  const { levels } = net;
  const logProb = (x: Tensor, labels: Tensor | undefined, rng: Rng): Tensor => {
    const pixels = quantize(x, levels, rng);
    return pixelLogProb(net.forward(greyOf(pixels, levels), labels), pixels);
  };
  const rising = Math.min(200, Math.floor(totalSteps / 20));
  return {
    module: net,
    phases: [
      {
        name: 'likelihood',
        parameters: net.parameters(),
        optimizer: adam(),
        learningRate: warmUp(rising, cosine(learningRate, { steps: Math.max(1, totalSteps - rising) })),
        clipNorm,
        loss: ({ x, labels }, { rng }) => ({ loss: logProb(x, labels, rng).mean().neg() }),
      },
    ],
    capabilities: {
      ...(classes > 0 ? { classes: { count: classes, required: true } } : {}),
      ...drawingOf(net, shape),
      pixels: {
        levels,
        nearest: (x) => nearestLevels(x, levels),
        logits: (x, { labels } = {}) => net.forward(x, labels),
      },
      logProb: (x, { rng, labels }) => logProb(x, labels, rng),
    },
  };
}
