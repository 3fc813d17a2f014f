/** Importance-weighted −ln p(x) on a model whose likelihood is known: z ~ N(0, I), x = W z + b + σ ε. */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import type { ModelInstance } from '../../src/contract/index.js';
import { tensor } from '../../src/core/leaves.js';
import type { Tensor } from '../../src/core/tensor.js';
import type { DataSet } from '../../src/data/data-set.js';
import { gaussian } from '../../src/losses/index.js';
import { importanceWeightedBound, type Variational } from '../../src/models/blocks/gaussian-code.js';
import type { Observation } from '../../src/models/blocks/observation.js';
import { Module } from '../../src/nn/index.js';
import { evaluateModel } from '../../src/node/index.js';
import { RandomSequence } from '../../src/random/sequence.js';

const [D, L, N] = [5, 2, 60];
const sigma = 0.6;
const random = new RandomSequence({ seed: 4, site: 1 });
const drawn = (rows: number, columns: number): Matrix =>
  new Matrix(Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal())));
const W = drawn(D, L);
const b = drawn(D, 1);

/** Items of the model itself, as float32. */
const items = Float32Array.from(
  Array.from({ length: N }, () => W.mmul(drawn(L, 1)).add(b).add(drawn(D, 1).mul(sigma)).to1DArray()).flat(),
);
const data: DataSet = {
  id: 'linear',
  split: 'test',
  kind: 'points',
  shape: [D],
  count: N,
  items,
  checksum: 'sha256:0',
};

/** Mean of −ln N(x; b, W Wᵀ + σ² I) over the items, by the eigenvalues of the covariance. */
function exactNll(): number {
  const covariance = W.mmul(W.transpose()).add(Matrix.eye(D).mul(sigma ** 2));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
  let total = 0;
  for (let i = 0; i < N; i++) {
    const away = Matrix.columnVector([...items.subarray(i * D, (i + 1) * D)]).sub(b);
    const along = eigenvectorMatrix.transpose().mmul(away).to1DArray();
    realEigenvalues.forEach((value, j) => {
      total += 0.5 * (Math.log(2 * Math.PI * value) + along[j]! ** 2 / value);
    });
  }
  return total / N;
}

class Empty extends Module {}

/** x ~ N(output, σ² I) */
class Normal extends Module implements Observation {
  observe(x: Tensor): Tensor {
    return x.flatten(1);
  }

  logLikelihood(x: Tensor, output: Tensor): Tensor {
    return gaussian(x, output, output.mul(0).add(2 * Math.log(sigma)));
  }

  mean(output: Tensor): Tensor {
    return output;
  }
}

/** The model with an encoder N(mean(x), variance) whose variance is `widening` times the posterior's, per dimension. */
function model(widening: number): ModelInstance {
  // Posterior: precision I + WᵀW/σ², mean precision⁻¹ Wᵀ(x − b)/σ²; the encoder is its diagonal.
  const precision = Matrix.eye(L).add(
    W.transpose()
      .mmul(W)
      .mul(1 / sigma ** 2),
  );
  const { realEigenvalues: values, eigenvectorMatrix: V } = new EigenvalueDecomposition(precision);
  const covariance = V.mmul(Matrix.diag(values.map((value) => 1 / value))).mmul(V.transpose());
  const gain = covariance.mmul(W.transpose()).mul(1 / sigma ** 2); // [L, D]
  const constant = (m: Matrix) => tensor(m.to2DArray() as number[][]);
  const logVariance = Array.from({ length: L }, (_, j) => Math.log(widening * covariance.get(j, j)));
  const parts: Variational = {
    observation: new Normal(),
    encode: (x) => {
      const mean = x.sub(constant(b.transpose())).matmul(constant(gain.transpose()));
      return { mean, logVariance: mean.mul(0).add(tensor([logVariance])) };
    },
    decode: (z) => z.matmul(constant(W.transpose())).add(constant(b.transpose())),
  };
  return {
    module: new Empty(),
    phases: [],
    capabilities: { logProb: (x, { rng, k }) => importanceWeightedBound(parts, x, { rng, k }) },
  };
}

describe('importance-weighted negative log-likelihood', () => {
  // The bound is below ln p by about the relative variance of the weights over 2k: more with a poorer encoder.
  test.each([
    [1.5, 0.02],
    [4, 0.05],
  ])('agrees with the exact one, encoder %s times as wide', async (widening, tolerance) => {
    const { metrics } = await evaluateModel(model(widening), data, { metrics: ['nll'], seed: 3 });
    expect(Math.abs(metrics.nll! - exactNll())).toBeLessThan(tolerance);
  });

  test('is another figure for another model', async () => {
    const wrong: ModelInstance = {
      ...model(1.5),
      capabilities: { logProb: (x, context) => model(1.5).capabilities.logProb!(x.add(1), context) },
    };
    const { metrics } = await evaluateModel(wrong, data, { metrics: ['nll'], seed: 3 });
    expect(metrics.nll).toBeGreaterThan(exactNll() + 0.5);
  });
});
