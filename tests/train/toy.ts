/** A model of a few numbers, for tests of the trainer: linear regression of the image's mean, with dropout noise. */
import { z } from 'zod';
import { defineModel, type Phase } from '../../src/contract/index.js';
import type { DataSet } from '../../src/data/data-set.js';
import { Linear, Module } from '../../src/nn/index.js';
import { adam, constant, sgd } from '../../src/optim/index.js';
import type { Rng } from '../../src/random/rng.js';

class Toy extends Module {
  readonly first: Linear;
  readonly second: Linear;

  constructor(rng: Rng) {
    super();
    this.first = new Linear(4, 3, { rng });
    this.second = new Linear(3, 1, { rng });
  }
}

export interface ToyOptions {
  readonly phases?: 1 | 2;
  readonly repeats?: number;
  readonly noise?: number;
  /** The step at which the loss becomes NaN. */
  readonly breakAt?: number;
}

/** @param options make variants: two phases, repeats, a NaN */
export function toyModel({ phases = 1, repeats = 1, noise = 0.1, breakAt = -1 }: ToyOptions = {}) {
  return defineModel({
    id: 'toy',
    title: 'Toy',
    family: 'discriminative',
    summary: 'A test.',
    paper: { title: 'None', authors: 'None', year: 2026 },
    data: { kinds: ['points'], default: 'moons' },
    config: { rate: z.number().default(0.05).describe('Rate.') },
    presets: { tiny: {} },
    create: (config, { rng }) => {
      const net = new Toy(rng);
      const loss: Phase['loss'] = ({ x }, { rng: r, train, atStep }) => {
        const noisy = train && noise > 0 ? x.add(r.normal(x.shape).mul(noise)) : x;
        const y = net.second.forward(net.first.forward(noisy).tanh()).reshape([-1]);
        const broken = atStep('break', (step) => (step === breakAt ? Number.NaN : 0));
        return { loss: y.sub(x.mean(1)).square().mean().add(broken), metrics: { size: y.abs().mean() } };
      };
      const phase = (
        name: string,
        parameters: Phase['parameters'],
        optimizer: Phase['optimizer'],
        times: number,
      ): Phase => ({
        name,
        parameters,
        optimizer,
        learningRate: constant(config.rate),
        repeats: times,
        loss,
      });
      return {
        module: net,
        phases:
          phases === 1
            ? [phase('fit', net.parameters(), adam(), 1)]
            : [
                phase('first', net.first.parameters(), sgd({ momentum: 0.9 }), repeats),
                phase('second', net.second.parameters(), adam(), 1),
              ],
        capabilities: {
          sample: ({ count, rng: r }) => r.normal([count, 4]).mul(net.second.bias!.reshape([1, 1])),
        },
      };
    },
  });
}

/** n points of four numbers that count up. */
export function toyData(count = 40): DataSet {
  const items = Float32Array.from({ length: count * 4 }, (_, i) => Math.sin(i * 0.7));
  return { id: 'toy', split: 'train', kind: 'points', shape: [4], count, items, checksum: 'sha256:toy' };
}
