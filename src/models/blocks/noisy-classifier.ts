/** A classifier of noisy images, p(y | x_t, t), for classifier guidance (Dhariwal & Nichol 2021, §4). */
import type { Shape } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { type Conv2d, Linear } from '../../nn/index.js';
import type { Rng } from '../../random/rng.js';
import {
  Condition,
  conv3,
  Denoiser,
  type DenoiserInputs,
  type DenoiserOptions,
  patched,
  ResidualBlock,
} from './denoiser.js';

/** The way down of the U-Net, then the mean over all places and a linear layer: [B, C, H, W] → logits [B, classes]. */
export class NoisyClassifier extends Denoiser {
  readonly patch: number;
  readonly condition: Condition;
  readonly input: Conv2d;
  readonly stages: readonly { readonly block: ResidualBlock; readonly resize: Conv2d }[];
  readonly output: Linear;

  constructor([channels = 1]: Shape, { patch, width, multipliers, dropout, classes }: DenoiserOptions, rng: Rng) {
    super();
    const size = 4 * width;
    this.condition = new Condition(width, size, 0, rng);
    this.patch = patch;
    this.input = conv3(channels * patch ** 2, width, rng);
    let at = width;
    this.stages = multipliers.map((multiplier) => {
      const block = new ResidualBlock(at, width * multiplier, { size, dropout }, rng);
      at = width * multiplier;
      return { block, resize: conv3(at, at, rng, 2) };
    });
    this.output = new Linear(at, classes, { rng });
  }

  override forward(x: Tensor, inputs: DenoiserInputs): Tensor {
    const condition = this.condition.forward(x.shape[0]!, { ...inputs, labels: undefined });
    let h = this.input.forward(patched(x, this.patch));
    for (const { block, resize } of this.stages) h = resize.forward(block.forward(h, condition, inputs));
    return this.output.forward(h.silu().mean([2, 3]));
  }
}
