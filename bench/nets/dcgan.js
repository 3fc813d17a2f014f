/**
 * DCGAN on 32×32 images (Radford et al. 2015): transposed convolutions 100 → 256 → 128 → 64 → 3 with batch norm, and
 * their mirror image as critic; the non-saturating loss. One step moves the discriminator, then the generator.
 */
import { losses, nn, optim, Rng } from '../../dist/index.js';

const { BatchNorm2d, Conv2d, ConvTranspose2d, Module } = nn;

class Generator extends Module {
  constructor(latent, width, channels, rng) {
    super();
    const options = { rng, stride: 2, padding: 1, bias: false };
    this.project = new ConvTranspose2d(latent, 4 * width, 4, { rng, bias: false });
    this.bn1 = new BatchNorm2d(4 * width);
    this.up2 = new ConvTranspose2d(4 * width, 2 * width, 4, options);
    this.bn2 = new BatchNorm2d(2 * width);
    this.up3 = new ConvTranspose2d(2 * width, width, 4, options);
    this.bn3 = new BatchNorm2d(width);
    this.up4 = new ConvTranspose2d(width, channels, 4, options);
  }

  /** [B, latent, 1, 1] → [B, channels, 32, 32] in −1…1 */
  forward(z, context) {
    const h1 = this.bn1.forward(this.project.forward(z), context).relu(); // [B, 4w, 4, 4]
    const h2 = this.bn2.forward(this.up2.forward(h1), context).relu(); // [B, 2w, 8, 8]
    const h3 = this.bn3.forward(this.up3.forward(h2), context).relu(); // [B, w, 16, 16]
    return this.up4.forward(h3).tanh();
  }
}

class Discriminator extends Module {
  constructor(width, channels, rng) {
    super();
    const options = { rng, stride: 2, padding: 1, bias: false };
    this.down1 = new Conv2d(channels, width, 4, options);
    this.down2 = new Conv2d(width, 2 * width, 4, options);
    this.bn2 = new BatchNorm2d(2 * width);
    this.down3 = new Conv2d(2 * width, 4 * width, 4, options);
    this.bn3 = new BatchNorm2d(4 * width);
    this.judge = new Conv2d(4 * width, 1, 4, { rng, bias: false });
  }

  /** [B, channels, 32, 32] → logits [B, 1, 1, 1] */
  forward(x, context) {
    const h1 = this.down1.forward(x).leakyRelu(0.2); // [B, w, 16, 16]
    const h2 = this.bn2.forward(this.down2.forward(h1), context).leakyRelu(0.2); // [B, 2w, 8, 8]
    const h3 = this.bn3.forward(this.down3.forward(h2), context).leakyRelu(0.2); // [B, 4w, 4, 4]
    return this.judge.forward(h3);
  }
}

class Gan extends Module {
  constructor({ latent, width, channels }, rng) {
    super();
    this.generator = new Generator(latent, width, channels, rng);
    this.discriminator = new Discriminator(width, channels, rng);
  }
}

/** @returns {import('./net.js').Net} */
export default function create(size) {
  const net = new Gan(size, new Rng({ seed: 0, stream: 'initial' }));
  const { generator, discriminator } = net;
  const optimizer = optim.adam({ beta1: 0.5 });
  const learningRate = optim.constant(2e-4);
  const dream = (x, rng, context) => generator.forward(rng.normal([x.shape[0], size.latent, 1, 1]), context);
  const train = { train: true };
  return {
    module: net,
    phases: [
      {
        name: 'discriminator',
        parameters: discriminator.parameters(),
        optimizer,
        learningRate,
        loss: ({ x }, { rng }) => {
          const fake = dream(x, rng, train).stopGradient();
          const real = x.mul(2).sub(1);
          const judge = (images) => discriminator.forward(images, train);
          return { loss: losses.nonSaturating.discriminator(judge(real), judge(fake)) };
        },
      },
      {
        name: 'generator',
        parameters: generator.parameters(),
        optimizer,
        learningRate,
        loss: ({ x }, { rng }) => ({
          loss: losses.nonSaturating.generator(discriminator.forward(dream(x, rng, train), train)),
        }),
      },
    ],
    item: [size.channels, size.side, size.side],
    forward: (code) => generator.forward(code, { train: false }),
    input: [size.latent, 1, 1],
    ema: 0,
  };
}
