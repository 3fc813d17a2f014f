/**
 * The noise predictor of DDPM (Ho et al. 2020, appendix B), small: three levels of `width` times 1, 2, 4 channels with two
 * residual blocks each, group norm and SiLU, attention at the lowest level, and the mean squared error of the noise.
 */
import { concat, full, losses, nn, optim, Rng, tensor } from '../../dist/index.js';

const { Conv2d, GroupNorm, Linear, Module, ModuleList, sinusoidal } = nn;
const groups = 8;

/** h = x + conv(silu(gn(conv(silu(gn(x))) + time))) */
class ResidualBlock extends Module {
  constructor(inputs, outputs, time, rng) {
    super();
    this.norm1 = new GroupNorm(groups, inputs);
    this.conv1 = new Conv2d(inputs, outputs, 3, { rng, padding: 1 });
    this.time = new Linear(time, outputs, { rng });
    this.norm2 = new GroupNorm(groups, outputs);
    this.conv2 = new Conv2d(outputs, outputs, 3, { rng, padding: 1 });
    this.skip = inputs === outputs ? null : new Conv2d(inputs, outputs, 1, { rng });
  }

  forward(x, time) {
    const h1 = this.conv1.forward(this.norm1.forward(x).silu());
    const h2 = h1.add(this.time.forward(time).unsqueeze(2).unsqueeze(3));
    const h3 = this.conv2.forward(this.norm2.forward(h2).silu());
    return h3.add(this.skip === null ? x : this.skip.forward(x));
  }
}

/** Self-attention among the places of an image, one head. */
class Attention extends Module {
  constructor(channels, rng) {
    super();
    this.norm = new GroupNorm(groups, channels);
    this.qkv = new Conv2d(channels, 3 * channels, 1, { rng });
    this.out = new Conv2d(channels, channels, 1, { rng });
  }

  forward(x) {
    const [B, C, H, W] = x.shape;
    const places = this.qkv.forward(this.norm.forward(x)).reshape([B, 3 * C, H * W]);
    const [q, k, v] = places.split(3, 1); // [B, C, HW]
    const weights = q
      .mul(C ** -0.5)
      .swapAxes()
      .matmul(k)
      .softmax(); // [B, HW, HW]
    const mixed = v.matmul(weights.swapAxes()); // [B, C, HW]
    return x.add(this.out.forward(mixed.reshape([B, C, H, W])));
  }
}

class Unet extends Module {
  constructor({ channels, width, multipliers = [1, 2, 4], blocks = 2 }, rng) {
    super();
    const time = 4 * width;
    this.width = width;
    this.time1 = new Linear(width, time, { rng });
    this.time2 = new Linear(time, time, { rng });
    this.first = new Conv2d(channels, width, 3, { rng, padding: 1 });
    const skips = [width];
    let present = width;
    const last = multipliers.length - 1;
    this.down = new ModuleList(
      multipliers.map((m, level) => {
        const stage = new Module();
        stage.blocks = [];
        stage.attention = [];
        for (let i = 0; i < blocks; i++) {
          stage.blocks.push(new ResidualBlock(present, m * width, time, rng));
          present = m * width;
          if (level === last) stage.attention.push(new Attention(present, rng));
          skips.push(present);
        }
        stage.shrink = level === last ? null : new Conv2d(present, present, 3, { rng, stride: 2, padding: 1 });
        if (level !== last) skips.push(present);
        return stage;
      }),
    );
    this.middle1 = new ResidualBlock(present, present, time, rng);
    this.middleAttention = new Attention(present, rng);
    this.middle2 = new ResidualBlock(present, present, time, rng);
    this.up = new ModuleList(
      multipliers.toReversed().map((m, i) => {
        const stage = new Module();
        stage.blocks = [];
        stage.attention = [];
        for (let j = 0; j <= blocks; j++) {
          stage.blocks.push(new ResidualBlock(present + skips.pop(), m * width, time, rng));
          present = m * width;
          if (i === 0) stage.attention.push(new Attention(present, rng));
        }
        stage.grow = i === last ? null : new Conv2d(present, present, 3, { rng, padding: 1 });
        return stage;
      }),
    );
    this.norm = new GroupNorm(groups, present);
    this.last = new Conv2d(present, channels, 3, { rng, padding: 1 });
  }

  /** noisy images [B, C, H, W], times [B] → noise [B, C, H, W] */
  forward(x, t) {
    const time = this.time2.forward(this.time1.forward(sinusoidal(t, this.width)).silu()).silu();
    let h = this.first.forward(x);
    const skips = [h];
    for (const stage of this.down) {
      stage.blocks.forEach((block, i) => {
        h = block.forward(h, time);
        if (stage.attention[i] !== undefined) h = stage.attention[i].forward(h);
        skips.push(h);
      });
      if (stage.shrink !== null) {
        h = stage.shrink.forward(h);
        skips.push(h);
      }
    }
    h = this.middle2.forward(this.middleAttention.forward(this.middle1.forward(h, time)), time);
    for (const stage of this.up) {
      stage.blocks.forEach((block, i) => {
        h = block.forward(concat([h, skips.pop()], 1), time);
        if (stage.attention[i] !== undefined) h = stage.attention[i].forward(h);
      });
      if (stage.grow !== null) h = stage.grow.forward(h.upsampleNearest(2));
    }
    return this.last.forward(this.norm.forward(h).silu());
  }
}

/** √ᾱ and √(1 − ᾱ) of the linear schedule (Ho et al. 2020, §4): β from 1e-4 to 0.02 in `steps` steps. */
function schedule(steps) {
  const signal = new Float32Array(steps);
  const noise = new Float32Array(steps);
  let product = 1;
  for (let t = 0; t < steps; t++) {
    product *= 1 - (1e-4 + (t * (0.02 - 1e-4)) / (steps - 1));
    signal[t] = Math.sqrt(product);
    noise[t] = Math.sqrt(1 - product);
  }
  return { signal: tensor(signal), noise: tensor(noise) };
}

/** @returns {import('./net.js').Net} */
export default function create(size) {
  const net = new Unet(size, new Rng({ seed: 0, stream: 'initial' }));
  const steps = 1000;
  const { signal, noise } = schedule(steps);
  return {
    module: net,
    phases: [
      {
        name: 'ddpm',
        parameters: net.parameters(),
        optimizer: optim.adam(),
        learningRate: optim.constant(2e-4),
        clipNorm: 1,
        loss: ({ x }, { rng }) => {
          const [B] = x.shape;
          const t = rng.integers([B], steps);
          const epsilon = rng.normal(x.shape);
          const at = (table) => table.gather(t).reshape([B, 1, 1, 1]);
          const noisy = x
            .mul(2)
            .sub(1)
            .mul(at(signal))
            .add(epsilon.mul(at(noise)));
          return { loss: losses.mse(net.forward(noisy, t.cast('float32')), epsilon).mean() };
        },
      },
    ],
    item: [size.channels, size.side, size.side],
    forward: (x) => net.forward(x, full([size.batch], 500)),
    ema: 0,
  };
}
