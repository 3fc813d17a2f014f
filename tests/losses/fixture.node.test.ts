/** Every loss and its gradients against fixtures/losses.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as losses from '../../src/losses/index.js';
import { evaluate, grad, stack, type Tensor, tensor } from '../../src/node/index.js';

interface Stored {
  readonly shape: number[];
  readonly data: number[];
  readonly integer?: boolean;
}
interface Case {
  readonly inputs: Readonly<Record<string, Stored>>;
  readonly value: Stored;
  readonly cotangent: Stored;
  readonly gradients: Readonly<Record<string, Stored>>;
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/losses.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Case>
>;

type Inputs = Readonly<Record<string, Tensor>>;
const critic =
  ({ W, b, v }: Inputs): losses.Critic =>
  (x) =>
    x.flatten(1).matmul(W!).add(b!).tanh().matmul(v!).softplus();
const games = { ...losses } as unknown as Readonly<Record<string, losses.AdversarialLoss>>;

const functions: Readonly<Record<string, (t: Inputs) => Tensor>> = {
  bernoulliFromLogits: ({ x, logits }) => losses.bernoulliFromLogits(x!, logits!),
  gaussian: ({ x, mean, logVariance }) => losses.gaussian(x!, mean!, logVariance!),
  'gaussian broadcast': ({ x, mean, logVariance }) => losses.gaussian(x!, mean!, logVariance!),
  squaredError: ({ x, y }) => losses.squaredError(x!, y!),
  mse: ({ x, y }) => losses.mse(x!, y!),
  absoluteError: ({ x, y }) => losses.absoluteError(x!, y!),
  huber: ({ x, y }) => losses.huber(x!, y!, { delta: 0.7 }),
  smoothL1: ({ x, y }) => losses.smoothL1(x!, y!, { beta: 0.5 }),
  binaryCrossEntropyWithLogits: ({ logits, targets }) => losses.binaryCrossEntropyWithLogits(logits!, targets!),
  crossEntropy: ({ logits, labels }) => losses.crossEntropy(logits!, labels!),
  'crossEntropy one label': ({ logits, labels }) => losses.crossEntropy(logits!, labels!),
  'crossEntropy smoothing': ({ logits, labels }) => losses.crossEntropy(logits!, labels!, { smoothing: 0.1 }),
  'crossEntropy ignore': ({ logits, labels }) =>
    losses.crossEntropy(logits!, labels!, { smoothing: 0.2, ignoreIndex: -100 }),
  meanCrossEntropy: ({ logits, labels }) => losses.meanCrossEntropy(logits!, labels!),
  'meanCrossEntropy ignore': ({ logits, labels }) =>
    losses.meanCrossEntropy(logits!, labels!, { smoothing: 0.1, ignoreIndex: -100 }),
  klStandardNormal: ({ mean, logVariance }) => losses.klStandardNormal(mean!, logVariance!),
  klNormal: ({ mean, logVariance, mean2, logVariance2 }) =>
    losses.klNormal({ mean: mean!, logVariance: logVariance! }, { mean: mean2!, logVariance: logVariance2! }),
  klCategorical: ({ p, q }) => losses.klCategorical(p!, q!),
  jensenShannon: ({ p, q }) => losses.jensenShannon(p!, q!),
  'mmd rbf': ({ x, y }) => losses.mmd(x!, y!, { kernel: losses.rbfKernel([0.5, 2]) }),
  'mmd imq biased': ({ x, y }) => losses.mmd(x!, y!, { kernel: losses.imqKernel([2, 8]), biased: true }),
  klParts: ({ code, mean, logVariance }) => {
    const parts = losses.klParts(code!, mean!, logVariance!, { dataSize: 50 });
    return stack([parts.mutualInformation, parts.totalCorrelation, parts.dimensionWise]);
  },
  discretizedLogistic: ({ x, mean, logScale }) => losses.discretizedLogistic(x!, mean!, logScale!),
  'discretizedLogistic levels': ({ x, mean, logScale }) =>
    losses.discretizedLogistic(x!, mean!, logScale!, { levels: 4, low: 0, high: 1 }),
  discretizedLogisticMixture: ({ x, logits, means, logScales, coefficients }) =>
    losses.discretizedLogisticMixture(x!, {
      logits: logits!,
      means: means!,
      logScales: logScales!,
      coefficients: coefficients!,
    }),
  'discretizedLogisticMixture grey': ({ x, logits, means, logScales }) =>
    losses.discretizedLogisticMixture(x!, { logits: logits!, means: means!, logScales: logScales! }),
  gradientPenalty: ({ real, fake, epsilon, ...weights }) =>
    losses.gradientPenalty(critic(weights), real!, fake!, epsilon!),
  r1Penalty: ({ real, ...weights }) => losses.r1Penalty(critic(weights), real!),
  ...Object.fromEntries(
    ['nonSaturating', 'saturating', 'hinge', 'wasserstein', 'leastSquares'].flatMap((name) => [
      [`${name} generator`, ({ fake }: Inputs) => games[name]!.generator(fake!)],
      [`${name} discriminator`, ({ real, fake }: Inputs) => games[name]!.discriminator(real!, fake!)],
    ]),
  ),
};

/** Largest |a − b| in units of 1 + |b|. */
function difference(a: ArrayLike<number | bigint>, b: readonly number[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return b.reduce((worst, v, i) => Math.max(worst, Math.abs(Number(a[i]) - v) / (1 + Math.abs(v))), 0);
}

test('the fixture and the table name the same cases', () => {
  expect(Object.keys(functions).sort()).toEqual(Object.keys(fixture).sort());
});

describe.each(Object.entries(functions))('%s', (name, fn) => {
  const { inputs, value, cotangent, gradients } = fixture[name]!;

  test('has the value and the gradients of the definition', async () => {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([k, { shape, data, integer }]) => [
        k,
        tensor(integer ? Int32Array.from(data) : Float32Array.from(data), shape),
      ]),
    );
    const y = fn(tensors);
    expect(y.shape).toEqual(value.shape);
    const names = Object.keys(gradients);
    const c = tensor(Float32Array.from(cotangent.data), cotangent.shape);
    const results = await evaluate([
      y,
      ...grad(
        y,
        names.map((k) => tensors[k]!),
        { cotangent: c },
      ),
    ]);
    expect(difference(results[0]!.data, value.data), 'value').toBeLessThan(1e-5);
    for (const [i, k] of names.entries()) {
      expect(results[i + 1]!.shape).toEqual(gradients[k]!.shape);
      expect(difference(results[i + 1]!.data, gradients[k]!.data), `gradient of ${k}`).toBeLessThan(2e-5);
    }
  });
});
