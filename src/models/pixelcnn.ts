/**
 * Gated PixelCNN: an image pixel by pixel, each given those above and to the left.
 *
 * van den Oord, Kalchbrenner, Vinyals, Espeholt, Graves, Kavukcuoglu, "Conditional Image Generation with PixelCNN
 * Decoders", 2016 (arXiv:1606.05328).
 *
 *   p(x) = Π p(xᵢ | x₁ … xᵢ₋₁)                            rows from the top, pixels from the left              (eq. 1)
 *   y = tanh(W_f ∗ x + V_f h) ⊙ σ(W_g ∗ x + V_g h)        a gated layer; h is the class, if one is told        (eq. 2, 4)
 *
 * Two stacks (section 2.2): the vertical one sees the rows above, the horizontal one the pixels to the left, and what the
 * vertical one sees; so no pixel above is missed. Masks are not needed: a kernel that reaches up, or left, only, with the
 * image shifted by a row, or column, in the first layer (mask A), is the masked kernel without its zeros (mask B later).
 *
 * What differs from the paper: no skip connections to the output, Adam instead of RMSprop, small sizes, one channel. The
 * likelihood is exact.
 */
import { z } from 'zod';
import { defineModel, type IterationState } from '../contract/index.js';
import { at } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { Conv2d, Embedding, initializers, Module } from '../nn/index.js';
import { concat, conv2d, stack, zeros } from '../ops/index.js';
import type { Rng } from '../random/rng.js';
import { checkGrey, type PixelNetwork, pixelFields, pixelModel } from './blocks/pixel-model.js';
import { matrixOf, type Row } from './blocks/pixels.js';

/** Reach of the first layer: 3 pixels up, left and right, as a 7×7 kernel has it. */
const reach = 3;

/** tanh of one half of the channels times σ of the other (eq. 2). */
function gate(y: Tensor): Tensor {
  const [a, b] = y.split(2, 1) as [Tensor, Tensor];
  return a.tanh().mul(b.sigmoid());
}

/** One layer of both stacks. */
class Layer extends Module {
  readonly vertical: Conv2d;
  readonly horizontal: Conv2d;
  readonly link: Conv2d;
  readonly output: Conv2d | null;
  /** V·h of both stacks (eq. 4). */
  readonly label: Embedding | null;
  readonly first: boolean;

  constructor(channels: number, { first = false, classes, rng }: { first?: boolean; classes: number; rng: Rng }) {
    super();
    const C = channels;
    this.first = first;
    // Rows above and columns to the left; the first layer without the row and the column of the pixel itself.
    this.vertical = first
      ? new Conv2d(1, 2 * C, [reach, 2 * reach + 1], {
          rng,
          padding: [
            [reach, 0],
            [reach, reach],
          ],
        })
      : new Conv2d(C, 2 * C, [2, 3], {
          rng,
          padding: [
            [1, 0],
            [1, 1],
          ],
        });
    this.horizontal = first
      ? new Conv2d(1, 2 * C, [1, reach], {
          rng,
          padding: [
            [0, 0],
            [reach, 0],
          ],
        })
      : new Conv2d(C, 2 * C, [1, 2], {
          rng,
          padding: [
            [0, 0],
            [1, 0],
          ],
        });
    this.link = new Conv2d(2 * C, 2 * C, 1, { rng });
    this.output = first ? null : new Conv2d(C, C, 1, { rng });
    const weightInitializer = initializers.normal({ std: 0.1 });
    this.label = classes > 0 ? new Embedding(classes, 4 * C, { rng, weightInitializer }) : null;
  }

  /** What the class adds in each stack, [B, 2C, 1, 1]. */
  labelled(labels: Tensor | undefined): (Tensor | null)[] {
    if (this.label === null || labels === undefined) return [null, null];
    return this.label
      .forward(labels)
      .split(2, 1)
      .map((t) => t.unsqueeze(2).unsqueeze(3));
  }

  /** v and h [B, C, H, W] (the image in the first layer) → the same of the next layer. */
  forward(v: Tensor, h: Tensor, labels: Tensor | undefined): { v: Tensor; h: Tensor } {
    const [forV, forH] = this.labelled(labels);
    const [H, W] = [v.shape[2]!, v.shape[3]!];
    const up = this.vertical.forward(v).narrow(2, 0, H); // the first layer has a row too much: the shift
    const left = this.horizontal.forward(h).narrow(3, 0, W).add(this.link.forward(up));
    const y = gate(forH == null ? left : left.add(forH));
    return { v: gate(forV == null ? up : up.add(forV)), h: this.output === null ? y : h.add(this.output.forward(y)) };
  }
}

export class PixelCnn extends Module implements PixelNetwork {
  readonly layers: readonly Layer[];
  readonly hidden: Conv2d;
  readonly logits: Conv2d;
  readonly levels: number;
  readonly channels: number;
  readonly width: number;

  constructor(
    {
      layers,
      channels,
      levels,
      width,
      classes,
    }: { layers: number; channels: number; levels: number; width: number; classes: number },
    rng: Rng,
  ) {
    super();
    this.layers = Array.from({ length: layers }, (_, i) => new Layer(channels, { first: i === 0, classes, rng }));
    this.hidden = new Conv2d(channels, 2 * channels, 1, { rng });
    this.logits = new Conv2d(2 * channels, levels, 1, { rng });
    this.levels = levels;
    this.channels = channels;
    this.width = width;
  }

  /** [B, 1, H, W] in 0…1 → logits [B, levels, H, W] */
  forward(x: Tensor, labels: Tensor | undefined): Tensor {
    let [v, h] = [x, x];
    for (const layer of this.layers) ({ v, h } = layer.forward(v, h, labels));
    return this.logits.forward(this.hidden.forward(h.relu()).relu());
  }

  /** Remembered: the last rows of the image, and of the vertical stack in each layer the last one. */
  start(count: number): IterationState {
    const above = zeros([count, 1, reach, this.width]);
    const empty = zeros([count, this.channels, 1, this.width]);
    return { above, ...Object.fromEntries(this.layers.slice(1).map((_, i) => [`v${i}`, empty])) };
  }

  row(state: IterationState, labels: Tensor | undefined): Row {
    const W = this.width;
    const remembered: Record<string, Tensor> = {};
    let v: Tensor | undefined;
    // The vertical stack of the whole row, and what it tells the horizontal one at each column, [B, 2C].
    const columns = this.layers.map((layer, i) => {
      const seen = v === undefined ? state.above! : concat([state[`v${i - 1}`]!, v], 2);
      if (v !== undefined) remembered[`v${i - 1}`] = v;
      const side = v === undefined ? reach : 1;
      const up = conv2d(seen, layer.vertical.weight, {
        bias: layer.vertical.bias!,
        padding: [
          [0, 0],
          [side, side],
        ],
      });
      const [forV, forH] = layer.labelled(labels);
      v = gate(forV == null ? up : up.add(forV)); // [B, C, 1, W]
      const told = layer.link.forward(up).add(layer.horizontal.bias!.reshape([1, -1, 1, 1]));
      return (forH == null ? told : told.add(forH))
        .squeeze(2)
        .split(W, 2)
        .map((t) => t.squeeze(2));
    });
    const matrices = this.layers.map(({ horizontal }) => matrixOf(horizontal));
    const count = state.above!.shape[0]!;
    const nothing = zeros([count, this.channels]);
    let before: Tensor[] = this.layers.map(() => nothing); // h of each layer one column to the left
    return {
      pixel: (left) => {
        const c = left.length;
        const near = Array.from({ length: reach }, (_, i) => left[c - reach + i] ?? zeros([count]));
        let h = gate(stack(near, 1).matmul(matrices[0]!).add(columns[0]![c]!)); // [B, C]
        const now: Tensor[] = [];
        this.layers.forEach(({ output }, i) => {
          if (output === null) return;
          const y = gate(concat([before[i]!, h], 1).matmul(matrices[i]!).add(columns[i]![c]!));
          now[i] = h;
          h = h.add(y.matmul(matrixOf(output)).add(output.bias!));
        });
        before = now;
        const hidden = h.relu().matmul(matrixOf(this.hidden)).add(this.hidden.bias!).relu();
        return hidden.matmul(matrixOf(this.logits)).add(this.logits.bias!);
      },
      end: (pixels) => ({
        ...remembered,
        above: concat([state.above!.narrow(2, 1, reach - 1), pixels.reshape([count, 1, 1, W])], 2),
      }),
    };
  }
}

export default defineModel({
  id: 'pixelcnn',
  title: 'Gated PixelCNN',
  family: 'autoregressive',
  summary:
    'Draws an image pixel by pixel with convolutions that see what is above and to the left; its likelihood is exact.',
  paper: {
    title: 'Conditional Image Generation with PixelCNN Decoders',
    authors: 'van den Oord, Kalchbrenner, Vinyals, Espeholt, Graves, Kavukcuoglu',
    year: 2016,
    arxiv: '1606.05328',
  },
  data: { kinds: ['image'], default: 'synthetic-digits', labels: 'optional' },
  config: {
    ...pixelFields,
    channels: z.number().int().positive().default(32).describe('Channels of each stack.'),
    layers: z
      .number()
      .int()
      .min(2)
      .default(8)
      .describe('Gated layers; each lets a pixel see one further in each direction.'),
  },
  presets: { tiny: { channels: 8, layers: 3, batchSize: 16, epochs: 1 } },

  create(config, { data, rng, totalSteps }) {
    checkGrey('pixelcnn', data.shape);
    const classes = config.classConditional ? (data.labels?.length ?? 0) : 0;
    const net = new PixelCnn({ ...config, width: at(data.shape, -1), classes }, rng);
    return pixelModel(net, config, { shape: data.shape, classes, totalSteps });
  },
});
