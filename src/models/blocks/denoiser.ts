/**
 * Denoising networks: (x_t, t, class) ↦ ε̂, x̂₀ or v̂, whatever they are trained to give. A U-Net for images (Ho et al. 2020,
 * appendix B) and a small residual network for vectors.
 */
import { UsageError } from '../../core/errors.js';
import type { Shape } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import {
  attention,
  type Context,
  Conv2d,
  Dropout,
  Embedding,
  GroupNorm,
  initializers,
  Linear,
  Module,
  sinusoidal,
} from '../../nn/index.js';
import { concat } from '../../ops/index.js';
import type { Rng } from '../../random/rng.js';

export interface DenoiserOptions {
  /** Pixels along each side that the U-Net takes together as channels (Luhman & Luhman 2022); 1: none. */
  readonly patch: number;
  /** Channels of the full size, or units of the residual network. */
  readonly width: number;
  /** Channels at each resolution as multiples of the width; each further one halves height and width. */
  readonly multipliers: readonly number[];
  /** Residual blocks at each resolution on the way down (one more on the way up), or of the residual network. */
  readonly blocks: number;
  /** Attention where the image is this many times smaller than the data; 0: in the middle only. */
  readonly attention: number;
  readonly dropout: number;
  /** Classes; 0 for a network that is told none. Their number itself stands for 'none'. */
  readonly classes: number;
  /** Channels out for each channel in: 2 where variances are predicted too. */
  readonly outputs: number;
}

export interface DenoiserInputs extends Context {
  /** float32 [B] or []: 0 … 1000, from clean to noise. */
  readonly time: Tensor;
  /** int32 [B] */
  readonly labels?: Tensor | undefined;
}

/** A network on noisy items that is told the time. */
export abstract class Denoiser extends Module {
  abstract forward(x: Tensor, inputs: DenoiserInputs): Tensor;
}

/**
 * Waves of the time, through two layers, plus a trained vector for the class: [B, size].
 * Source: Ho et al. 2020, appendix B; Nichol & Dhariwal 2021, §6 for the class.
 */
export class Condition extends Module {
  readonly hidden: Linear;
  readonly output: Linear;
  readonly labels: Embedding | null;
  readonly waves: number;

  constructor(waves: number, size: number, classes: number, rng: Rng) {
    super();
    this.waves = waves;
    this.hidden = new Linear(waves, size, { rng });
    this.output = new Linear(size, size, { rng });
    this.labels = classes === 0 ? null : new Embedding(classes + 1, size, { rng });
  }

  forward(batch: number, { time, labels }: DenoiserInputs): Tensor {
    const waves = sinusoidal(time.expand([batch]), this.waves, { layout: 'halves', shift: 1 });
    const embedded = this.output.forward(this.hidden.forward(waves).silu());
    return this.labels === null || labels === undefined ? embedded : embedded.add(this.labels.forward(labels));
  }
}

/** As many groups as there can be, up to 32, with at least four channels each. */
function groupNormOf(channels: number): GroupNorm {
  const groups = [32, 16, 8, 4, 2].find((n) => channels % n === 0 && channels / n >= 4) ?? 1;
  return new GroupNorm(groups, channels);
}

/** Squares of pixels as channels: [B, C, H, W] → [B, C·patch², H/patch, W/patch]. */
export const patched = (x: Tensor, patch: number): Tensor => (patch === 1 ? x : x.pixelUnshuffle(patch));

/** The way back. */
const unpatched = (x: Tensor, patch: number): Tensor => (patch === 1 ? x : x.pixelShuffle(patch));

/** A 3×3 convolution that keeps the size, or halves it with stride 2. */
export const conv3 = (inputs: number, outputs: number, rng: Rng, stride = 1): Conv2d =>
  new Conv2d(inputs, outputs, 3, { rng, padding: 1, stride });

/** First values of layers that should give next to nothing, so that each residual block begins as the identity. */
const tiny = { weightInitializer: initializers.normal({ std: 1e-5 }), biasInitializer: initializers.zeros };

const tinyConv = (inputs: number, outputs: number, kernel: number, rng: Rng): Conv2d =>
  new Conv2d(inputs, outputs, kernel, { rng, padding: (kernel - 1) / 2, ...tiny });

/** x + conv(silu(norm(conv(silu(norm(x))) + W·condition))), with a 1×1 convolution of x where the channels change. */
export class ResidualBlock extends Module {
  readonly norm1: GroupNorm;
  readonly conv1: Conv2d;
  readonly condition: Linear;
  readonly norm2: GroupNorm;
  readonly dropout: Dropout;
  readonly conv2: Conv2d;
  readonly shortcut: Conv2d | null;

  constructor(inputs: number, outputs: number, { size, dropout }: { size: number; dropout: number }, rng: Rng) {
    super();
    this.norm1 = groupNormOf(inputs);
    this.conv1 = conv3(inputs, outputs, rng);
    this.condition = new Linear(size, outputs, { rng });
    this.norm2 = groupNormOf(outputs);
    this.dropout = new Dropout(dropout);
    this.conv2 = tinyConv(outputs, outputs, 3, rng);
    this.shortcut = inputs === outputs ? null : new Conv2d(inputs, outputs, 1, { rng });
  }

  /** x [B, inputs, H, W], condition [B, size] → [B, outputs, H, W] */
  forward(x: Tensor, condition: Tensor, context: Context): Tensor {
    const shift = this.condition.forward(condition.silu()).unsqueeze(2).unsqueeze(3); // [B, outputs, 1, 1]
    const h = this.conv1.forward(this.norm1.forward(x).silu()).add(shift);
    const y = this.conv2.forward(this.dropout.forward(this.norm2.forward(h).silu(), context));
    return y.add(this.shortcut?.forward(x) ?? x);
  }
}

/** x + attention of all places to all places, one head. */
class AttentionBlock extends Module {
  readonly norm: GroupNorm;
  readonly projection: Conv2d;
  readonly output: Conv2d;

  constructor(channels: number, rng: Rng) {
    super();
    this.norm = groupNormOf(channels);
    this.projection = new Conv2d(channels, 3 * channels, 1, { rng });
    this.output = tinyConv(channels, channels, 1, rng);
  }

  forward(x: Tensor): Tensor {
    const parts = this.projection.forward(this.norm.forward(x)).flatten(2).split(3, 1); // [B, C, places]
    const [q, k, v] = parts.map((t) => t.swapAxes()) as [Tensor, Tensor, Tensor]; // [B, places, C]
    return x.add(this.output.forward(attention(q, k, v).swapAxes().reshape(x.shape)));
  }
}

/** One resolution: residual blocks, each with attention after it where it is asked for, and a change of size at the end. */
class Stage extends Module {
  readonly blocks: ResidualBlock[] = [];
  readonly attention: AttentionBlock[] = [];
  readonly resize: Conv2d | null;

  constructor(
    widths: readonly (readonly [inputs: number, outputs: number])[],
    { attends, resize, ...options }: { size: number; dropout: number; attends: boolean; resize: Conv2d | null },
    rng: Rng,
  ) {
    super();
    for (const [inputs, outputs] of widths) {
      this.blocks.push(new ResidualBlock(inputs, outputs, options, rng));
      if (attends) this.attention.push(new AttentionBlock(outputs, rng));
    }
    this.resize = resize;
  }

  block(i: number, x: Tensor, condition: Tensor, context: Context): Tensor {
    const y = this.blocks[i]!.forward(x, condition, context);
    return this.attention[i]?.forward(y) ?? y;
  }
}

/**
 * Residual blocks at falling resolutions, a middle with attention, and the way back up, where each block sees as well what
 * the block of the same size gave on the way down.
 * Shapes: [B, C, H, W] → [B, outputs·C, H, W].
 * @throws UsageError where the sizes cannot be halved as often as there are multipliers
 */
export class UNet extends Denoiser {
  readonly patch: number;
  readonly condition: Condition;
  readonly input: Conv2d;
  readonly down: readonly Stage[];
  readonly middle: {
    readonly first: ResidualBlock;
    readonly attention: AttentionBlock;
    readonly second: ResidualBlock;
  };
  readonly up: readonly Stage[];
  readonly norm: GroupNorm;
  readonly output: Conv2d;

  constructor(shape: Shape, options: DenoiserOptions, rng: Rng) {
    super();
    const [channels, height, width] = shape as readonly [number, number, number];
    const { patch, width: base, multipliers, blocks, dropout, classes, outputs } = options;
    const last = multipliers.length - 1;
    const factor = patch * 2 ** Math.max(last, 0);
    if (multipliers.length === 0 || [height, width].some((side) => side % factor !== 0)) {
      throw new UsageError({
        operation: 'U-Net',
        expected: `at least one resolution, and sides that ${factor} divides`,
        got: `images of ${height}×${width}, a patch of ${patch} and ${multipliers.length} multipliers`,
        remedy: 'Set fewer multipliers, such as multipliers=[1,2], or patch=1.',
      });
    }
    const size = 4 * base;
    const block = { size, dropout };
    this.condition = new Condition(base, size, classes, rng);
    this.patch = patch;
    this.input = conv3(channels * patch ** 2, base, rng);
    const skips = [base];
    let at = base;
    this.down = multipliers.map((multiplier, level) => {
      const widths = Array.from({ length: blocks }, () => {
        const step = [at, base * multiplier] as const;
        at = base * multiplier;
        skips.push(at);
        return step;
      });
      const resize = level === last ? null : conv3(at, at, rng, 2);
      if (resize !== null) skips.push(at);
      return new Stage(widths, { ...block, attends: patch * 2 ** level === options.attention, resize }, rng);
    });
    this.middle = {
      first: new ResidualBlock(at, at, block, rng),
      attention: new AttentionBlock(at, rng),
      second: new ResidualBlock(at, at, block, rng),
    };
    this.up = multipliers
      .map((multiplier, level) => [multiplier, level] as const)
      .toReversed()
      .map(([multiplier, level]) => {
        const widths = Array.from({ length: blocks + 1 }, () => {
          const step = [at + skips.pop()!, base * multiplier] as const;
          at = base * multiplier;
          return step;
        });
        const resize = level === 0 ? null : conv3(at, at, rng);
        return new Stage(widths, { ...block, attends: patch * 2 ** level === options.attention, resize }, rng);
      });
    this.norm = groupNormOf(at);
    this.output = tinyConv(at, outputs * channels * patch ** 2, 3, rng);
  }

  override forward(x: Tensor, inputs: DenoiserInputs): Tensor {
    const condition = this.condition.forward(x.shape[0]!, inputs);
    let h = this.input.forward(patched(x, this.patch));
    const skips = [h];
    for (const stage of this.down) {
      for (let i = 0; i < stage.blocks.length; i++) {
        h = stage.block(i, h, condition, inputs);
        skips.push(h);
      }
      if (stage.resize !== null) {
        h = stage.resize.forward(h);
        skips.push(h);
      }
    }
    const { first, attention: attend, second } = this.middle;
    h = second.forward(attend.forward(first.forward(h, condition, inputs)), condition, inputs);
    for (const stage of this.up) {
      for (let i = 0; i < stage.blocks.length; i++) {
        h = stage.block(i, concat([h, skips.pop()!], 1), condition, inputs);
      }
      if (stage.resize !== null) h = stage.resize.forward(h.resize({ scale: 2, mode: 'nearest' }));
    }
    return unpatched(this.output.forward(this.norm.forward(h).silu()), this.patch);
  }
}

/** h + W₂·silu(W₁·h + condition), the second layer from next to 0. */
class VectorBlock extends Module {
  readonly hidden: Linear;
  readonly condition: Linear;
  readonly output: Linear;

  constructor(width: number, rng: Rng) {
    super();
    this.hidden = new Linear(width, width, { rng });
    this.condition = new Linear(width, width, { rng });
    this.output = new Linear(width, width, { rng, ...tiny });
  }

  forward(h: Tensor, condition: Tensor): Tensor {
    const inner = this.hidden.forward(h).add(this.condition.forward(condition));
    return h.add(this.output.forward(inner.silu()));
  }
}

/** Residual blocks on vectors. Shapes: [B, inputs] → [B, outputs]. */
export class VectorNetwork extends Denoiser {
  readonly condition: Condition;
  readonly input: Linear;
  readonly blocks: readonly VectorBlock[];
  readonly output: Linear;

  constructor(
    inputs: number,
    outputs: number,
    { width, blocks, classes }: Pick<DenoiserOptions, 'width' | 'blocks' | 'classes'>,
    rng: Rng,
  ) {
    super();
    this.condition = new Condition(width, width, classes, rng);
    this.input = new Linear(inputs, width, { rng });
    this.blocks = Array.from({ length: blocks }, () => new VectorBlock(width, rng));
    this.output = new Linear(width, outputs, { rng });
  }

  override forward(x: Tensor, inputs: DenoiserInputs): Tensor {
    const condition = this.condition.forward(x.shape[0]!, inputs).silu();
    const h = this.blocks.reduce((y, block) => block.forward(y, condition), this.input.forward(x));
    return this.output.forward(h.silu());
  }
}
