/**
 * A PixelCNN on binarized 28×28 images (van den Oord et al. 2016): a 7×7 convolution with mask A, 3×3 convolutions with
 * mask B, and a 1×1 convolution to one logit per pixel.
 */
import { losses, nn, optim, Rng, tensor } from '../../dist/index.js';

const { Conv2d, Module, ModuleList } = nn;

/** 1 where a tap lies before the pixel in reading order (and, with mask B, on it). */
function maskOf(kernel, includeCentre) {
  const centre = (kernel * kernel - 1) / 2;
  const taps = Float32Array.from({ length: kernel * kernel }, (_, i) => Number(i < centre + Number(includeCentre)));
  return tensor(taps, [1, 1, kernel, kernel]);
}

class MaskedConv extends Module {
  #mask;

  constructor(inputs, outputs, kernel, includeCentre, rng) {
    super();
    const { weight, bias } = new Conv2d(inputs, outputs, kernel, { rng });
    this.weight = weight;
    this.bias = bias;
    this.#mask = maskOf(kernel, includeCentre);
  }

  forward(x) {
    return x.conv2d(this.weight.mul(this.#mask), { padding: 'same', bias: this.bias });
  }
}

class PixelCnn extends Module {
  constructor({ layers, width }, rng) {
    super();
    this.first = new MaskedConv(1, width, 7, false, rng);
    this.rest = new ModuleList(Array.from({ length: layers - 1 }, () => new MaskedConv(width, width, 3, true, rng)));
    this.head = new Conv2d(width, 1, 1, { rng });
  }

  /** [B, 1, H, W] → logits of the same shape */
  forward(x) {
    let h = this.first.forward(x).relu();
    for (const layer of this.rest) h = layer.forward(h).relu();
    return this.head.forward(h);
  }
}

/** @returns {import('./net.js').Net} */
export default function create(size) {
  const net = new PixelCnn(size, new Rng({ seed: 0, stream: 'initial' }));
  return {
    module: net,
    phases: [
      {
        name: 'pixelcnn',
        parameters: net.parameters(),
        optimizer: optim.adam(),
        learningRate: optim.constant(1e-3),
        loss: ({ x }, { rng }) => {
          const pixels = rng.bernoulli(x);
          return { loss: losses.bernoulliFromLogits(pixels, net.forward(pixels)).mean().neg() };
        },
      },
    ],
    item: [1, size.side, size.side],
    forward: (x) => net.forward(x),
    ema: 0,
  };
}
