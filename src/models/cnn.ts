/**
 * Convolutional classifier, and the feature extractor that measures other models.
 *
 * LeCun, Bottou, Bengio & Haffner, "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 86, 1998.
 *
 *   p(y | x) = softmax(W relu(h(x)))     h: three convolutions and a linear layer
 *   loss = E −ln p(y | x)
 *
 * What differs from the paper: 3×3 and 4×4 kernels with ReLU instead of 5×5 with tanh, strides instead of subsampling
 * layers, batch normalization (Ioffe & Szegedy 2015), softmax and cross entropy instead of radial basis functions,
 * dropout before the last two layers (Srivastava et al. 2014), and Adam with a cosine schedule.
 *
 * The features are h(x), before their activation: closer to normal than after it, which is what the Fréchet distance
 * takes them for, and no coordinate of them is dead. Each has mean 0 and variance 1 over the training images, so that all
 * count alike and distances have a scale.
 */
import { z } from 'zod';
import { defineModel } from '../contract/index.js';
import type { Shape } from '../core/shape.js';
import { at } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { crossEntropy } from '../losses/index.js';
import { BatchNorm1d, BatchNorm2d, type Context, Conv2d, Dropout, Linear, Module } from '../nn/index.js';
import { adam, cosine } from '../optim/index.js';
import type { Rng } from '../random/rng.js';

interface NetSettings {
  readonly channels: number;
  readonly features: number;
  readonly dropout: number;
}

class Classifier extends Module {
  readonly conv1: Conv2d;
  readonly norm1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly norm2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly norm3: BatchNorm2d;
  readonly dropout: Dropout;
  readonly embed: Linear;
  readonly scale: BatchNorm1d;
  readonly classify: Linear;

  constructor(shape: Shape, classes: number, { channels, features, dropout }: NetSettings, rng: Rng) {
    super();
    const [C, H, W] = [at(shape, 0), at(shape, 1), at(shape, 2)];
    const quarter = (side: number): number => Math.floor(Math.floor(side / 2) / 2);
    const same = { padding: 1, bias: false, rng };
    const halve = { stride: 2, padding: 1, bias: false, rng };
    this.conv1 = new Conv2d(C, channels, 3, same);
    this.norm1 = new BatchNorm2d(channels);
    this.conv2 = new Conv2d(channels, 2 * channels, 4, halve);
    this.norm2 = new BatchNorm2d(2 * channels);
    this.conv3 = new Conv2d(2 * channels, 4 * channels, 4, halve);
    this.norm3 = new BatchNorm2d(4 * channels);
    this.dropout = new Dropout(dropout);
    this.embed = new Linear(4 * channels * quarter(H) * quarter(W), features, { bias: false, rng });
    this.scale = new BatchNorm1d(features, { affine: false });
    this.classify = new Linear(features, classes, { rng });
  }

  /** [B, C, H, W] → [B, features] */
  features(x: Tensor, context: Context = {}): Tensor {
    const whole = this.norm1.forward(this.conv1.forward(x), context).relu(); // [B, channels, H, W]
    const half = this.norm2.forward(this.conv2.forward(whole), context).relu(); // [B, 2·channels, H/2, W/2]
    const quarter = this.norm3.forward(this.conv3.forward(half), context).relu(); // [B, 4·channels, H/4, W/4]
    return this.scale.forward(this.embed.forward(this.dropout.forward(quarter.flatten(1), context)), context);
  }

  /** [B, features] → logits [B, classes] */
  head(features: Tensor, context: Context = {}): Tensor {
    return this.classify.forward(this.dropout.forward(features.relu(), context));
  }
}

export default defineModel({
  id: 'cnn',
  title: 'Convolutional classifier',
  family: 'discriminative',
  summary: 'Learns the classes of labelled images; its features measure how close generated images are to real ones.',
  paper: {
    title: 'Gradient-Based Learning Applied to Document Recognition',
    authors: 'LeCun, Bottou, Bengio, Haffner',
    year: 1998,
  },
  data: { kinds: ['image'], default: 'synthetic-digits', labels: 'required' },
  config: {
    batchSize: z.number().int().positive().default(64).describe('Items per step.'),
    learningRate: z.number().positive().default(2e-3).describe('Peak rate of Adam; it falls to 0 along half a cosine.'),
    channels: z
      .number()
      .int()
      .positive()
      .default(16)
      .describe('Channels at full resolution; twice as many at half of it, four times as many at a quarter.'),
    features: z
      .number()
      .int()
      .positive()
      .default(64)
      .describe('Numbers that an image becomes before it is classified.'),
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0.5)
      .describe('Share of the features that are hidden in each training step.'),
  },
  presets: { tiny: { channels: 4, features: 16, batchSize: 16, epochs: 1, dropout: 0.1 } },

  create(config, { data: { shape, labels = [] }, rng, totalSteps }) {
    const net = new Classifier(shape, labels.length, config, rng);
    return {
      module: net,
      phases: [
        {
          name: 'classification',
          parameters: net.parameters(),
          optimizer: adam(),
          learningRate: cosine(config.learningRate, { steps: totalSteps }),
          loss: ({ x, labels: classes }, { rng: r, train }) => {
            const context = { train, rng: r };
            const logits = net.head(net.features(x, context), context);
            const right = logits.argmax(1).cast('int32').equal(classes!).cast('float32');
            return { loss: crossEntropy(logits, classes!).mean(), metrics: { accuracy: right.mean() } };
          },
        },
      ],
      capabilities: {
        features: (x) => net.features(x),
        classify: (x) => net.head(net.features(x)),
      },
    };
  },
});
