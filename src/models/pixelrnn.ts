/**
 * PixelRNN with Row LSTMs: an image pixel by pixel, each row read into a state that goes on to the next.
 *
 * van den Oord, Kalchbrenner, Kavukcuoglu, "Pixel Recurrent Neural Networks", 2016 (arXiv:1601.06759).
 *
 *   p(x) = Π p(xᵢ | x₁ … xᵢ₋₁)                                rows from the top, pixels from the left          (eq. 1)
 *   [o, f, i, g] = K_ss ∗ hᵣ₋₁ + K_is ∗ xᵣ                     K_ss over three pixels of the row above, K_is over the
 *   cᵣ = σ(f) ⊙ cᵣ₋₁ + σ(i) ⊙ tanh(g), hᵣ = σ(o) ⊙ tanh(cᵣ)    pixel and its left neighbour (mask B)           (eq. 3)
 *
 * A pixel sees a triangle above it that widens by one in each row (section 3.1). Layers are joined by residual connections
 * (section 3.3). As in `pixelcnn`, kernels that reach up or left only take the place of masks; the first layer sees 7×7
 * without the pixel itself (mask A). What differs from the paper: the state is as wide as the layer's input needs no
 * narrowing for (h channels where the paper has 2h outside), Adam instead of RMSprop, small sizes, one channel. The
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

/** Reach of the first layer: 3 pixels up, left and right. */
const reach = 3;

/** c and h from the gates [B, 4C, …] and the c of the row above (eq. 3). */
function cell(gates: Tensor, above: Tensor): { c: Tensor; h: Tensor } {
  const [o, f, i, g] = gates.split(4, 1) as [Tensor, Tensor, Tensor, Tensor];
  const c = f.sigmoid().mul(above).add(i.sigmoid().mul(g.tanh()));
  return { c, h: o.sigmoid().mul(c.tanh()) };
}

/** One Row LSTM with its residual connection. */
class RowLstm extends Module {
  /** K_is and K_ss. */
  readonly input: Conv2d;
  readonly state: Conv2d;
  readonly output: Conv2d;

  constructor(channels: number, rng: Rng) {
    super();
    const C = channels;
    this.input = new Conv2d(C, 4 * C, [1, 2], {
      rng,
      padding: [
        [0, 0],
        [1, 0],
      ],
    });
    this.state = new Conv2d(C, 4 * C, [1, 3], {
      rng,
      bias: false,
      padding: [
        [0, 0],
        [1, 1],
      ],
    });
    this.output = new Conv2d(C, C, 1, { rng });
  }

  /** [B, C, H, W] → the same */
  forward(x: Tensor): Tensor {
    const [B, C, H, W] = x.shape as [number, number, number, number];
    const inputs = this.input.forward(x).narrow(3, 0, W).split(H, 2); // [B, 4C, 1, W] each
    let state = { c: zeros([B, C, 1, W]), h: zeros([B, C, 1, W]) };
    const rows = inputs.map((gates, r) => {
      state = cell(r === 0 ? gates : gates.add(this.state.forward(state.h)), state.c);
      return state.h;
    });
    return x.add(this.output.forward(concat(rows, 2)));
  }
}

export class PixelRnn extends Module implements PixelNetwork {
  readonly above: Conv2d;
  readonly left: Conv2d;
  readonly label: Embedding | null;
  readonly layers: readonly RowLstm[];
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
    this.above = new Conv2d(1, channels, [reach, 2 * reach + 1], {
      rng,
      padding: [
        [reach, 0],
        [reach, reach],
      ],
    });
    this.left = new Conv2d(1, channels, [1, reach], {
      rng,
      bias: false,
      padding: [
        [0, 0],
        [reach, 0],
      ],
    });
    const weightInitializer = initializers.normal({ std: 0.1 });
    this.label = classes > 0 ? new Embedding(classes, channels, { rng, weightInitializer }) : null;
    this.layers = Array.from({ length: layers }, () => new RowLstm(channels, rng));
    this.hidden = new Conv2d(channels, 2 * channels, 1, { rng });
    this.logits = new Conv2d(2 * channels, levels, 1, { rng });
    this.levels = levels;
    this.channels = channels;
    this.width = width;
  }

  /** What the class adds to the first layer, [B, C, 1, 1]. */
  #labelled(y: Tensor, labels: Tensor | undefined): Tensor {
    if (this.label === null || labels === undefined) return y;
    return y.add(this.label.forward(labels).unsqueeze(2).unsqueeze(3));
  }

  /** [B, 1, H, W] in 0…1 → logits [B, levels, H, W] */
  forward(x: Tensor, labels: Tensor | undefined): Tensor {
    const [H, W] = [x.shape[2]!, x.shape[3]!];
    // A row and a column too much: the shift that keeps the pixel itself out.
    const up = this.above.forward(x).narrow(2, 0, H);
    const first = this.#labelled(up.add(this.left.forward(x).narrow(3, 0, W)), labels);
    const h = this.layers.reduce((y, layer) => layer.forward(y), first);
    return this.logits.forward(this.hidden.forward(h.relu()).relu());
  }

  /** Remembered: the last rows of the image, and c and h of each layer in the last row. */
  start(count: number): IterationState {
    const empty = zeros([count, this.channels, 1, this.width]);
    const states = this.layers.flatMap((_, i) => [[`c${i}`, empty] as const, [`h${i}`, empty] as const]);
    return { above: zeros([count, 1, reach, this.width]), ...Object.fromEntries(states) };
  }

  row(state: IterationState, labels: Tensor | undefined): Row {
    const W = this.width;
    const count = state.above!.shape[0]!;
    const columnsOf = (t: Tensor): Tensor[] =>
      t
        .squeeze(2)
        .split(W, 2)
        .map((column) => column.squeeze(2));
    const up = conv2d(state.above!, this.above.weight, {
      bias: this.above.bias!,
      padding: [
        [0, 0],
        [reach, reach],
      ],
    });
    const seen = columnsOf(this.#labelled(up, labels)); // [B, C] of each column
    const told = this.layers.map(({ state: kernel, input }, i) =>
      columnsOf(kernel.forward(state[`h${i}`]!).add(input.bias!.reshape([1, -1, 1, 1]))),
    );
    const cells = this.layers.map((_, i) => columnsOf(state[`c${i}`]!));
    const matrices = this.layers.map(({ input }) => matrixOf(input));
    const made = this.layers.map((): { c: Tensor; h: Tensor }[] => []);
    const nothing = zeros([count, this.channels]);
    let before: Tensor[] = this.layers.map(() => nothing); // input of each layer one column to the left
    return {
      pixel: (left) => {
        const c = left.length;
        const near = Array.from({ length: reach }, (_, i) => left[c - reach + i] ?? zeros([count]));
        let y = seen[c]!.add(stack(near, 1).matmul(matrixOf(this.left)));
        before = this.layers.map(({ output }, i) => {
          const input = y;
          const gates = concat([before[i]!, input], 1).matmul(matrices[i]!).add(told[i]![c]!);
          const next = cell(gates, cells[i]![c]!);
          made[i]!.push(next);
          y = input.add(next.h.matmul(matrixOf(output)).add(output.bias!));
          return input;
        });
        const hidden = y.relu().matmul(matrixOf(this.hidden)).add(this.hidden.bias!).relu();
        return hidden.matmul(matrixOf(this.logits)).add(this.logits.bias!);
      },
      end: (pixels) => {
        const joined = (i: number, part: 'c' | 'h'): Tensor =>
          stack(
            made[i]!.map((s) => s[part]),
            2,
          ).unsqueeze(2);
        const states = this.layers.flatMap((_, i) => [
          [`c${i}`, joined(i, 'c')] as const,
          [`h${i}`, joined(i, 'h')] as const,
        ]);
        const above = concat([state.above!.narrow(2, 1, reach - 1), pixels.reshape([count, 1, 1, W])], 2);
        return { above, ...Object.fromEntries(states) };
      },
    };
  }
}

export default defineModel({
  id: 'pixelrnn',
  title: 'PixelRNN (Row LSTM)',
  family: 'autoregressive',
  summary: 'Draws an image pixel by pixel with LSTMs that carry a state from row to row; its likelihood is exact.',
  paper: {
    title: 'Pixel Recurrent Neural Networks',
    authors: 'van den Oord, Kalchbrenner, Kavukcuoglu',
    year: 2016,
    arxiv: '1601.06759',
  },
  data: { kinds: ['image'], default: 'synthetic-digits', labels: 'optional' },
  config: {
    ...pixelFields,
    channels: z.number().int().positive().default(32).describe('Channels of each layer and of its state.'),
    layers: z.number().int().min(1).default(3).describe('Row LSTMs.'),
  },
  presets: { tiny: { channels: 8, layers: 1, batchSize: 16, epochs: 1 } },

  create(config, { data, rng, totalSteps }) {
    checkGrey('pixelrnn', data.shape);
    const classes = config.classConditional ? (data.labels?.length ?? 0) : 0;
    const net = new PixelRnn({ ...config, width: at(data.shape, -1), classes }, rng);
    return pixelModel(net, config, { shape: data.shape, classes, totalSteps });
  },
});
