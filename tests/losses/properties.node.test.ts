/** What the losses must do whatever PyTorch does: sums to one, closed forms, Monte Carlo, extremes, mistakes. */
import { describe, expect, test } from 'vitest';
import * as losses from '../../src/losses/index.js';
import { concat, evaluate, full, grad, type Tensor, tensor } from '../../src/node/index.js';
import { fillNormal } from '../../src/random/distributions.js';

function normals(shape: readonly number[], site: number): Tensor {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  fillNormal(data, { seed: 11, site });
  return tensor(data, shape);
}

/** The values, −0 as 0. */
async function numbers(t: Tensor): Promise<number[]> {
  return Array.from((await t.data()) as Float32Array, (v) => v + 0);
}

/** Mean of the values, and the standard error of it. */
function meanOf(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, v) => a + (v - mean) ** 2, 0) / values.length;
  return { mean, error: Math.sqrt(variance / values.length) };
}

describe('likelihoods', () => {
  test('bernoulliFromLogits is finite and has the right slope at extreme logits', async () => {
    const x = tensor([1, 0, 1, 0, 0.5]);
    const logits = tensor([1000, 1000, -1000, -1000, 200]);
    const y = losses.bernoulliFromLogits(x, logits);
    expect(await numbers(y)).toEqual([0, -1000, -1000, 0, -100]);
    expect(await numbers(grad(y.sum(), logits))).toEqual([0, -1, 1, 0, -0.5]);
  });

  test('the normal density integrates to 1 and has its variance', async () => {
    const n = 4000;
    const x = Float32Array.from({ length: n }, (_, i) => -20 + (40 * i) / n);
    const p = (await numbers(losses.gaussian(tensor(x), 1, Math.log(4)))).map((v) => (Math.exp(v) * 40) / n);
    expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
    expect(p.reduce((a, v, i) => a + v * (x[i]! - 1) ** 2, 0)).toBeCloseTo(4, 3);
    const asTensors = losses.gaussian(tensor(x), full([n], 1), full([n], Math.log(4)));
    expect(
      await numbers(
        asTensors
          .sub(losses.gaussian(tensor(x), 1, Math.log(4)))
          .abs()
          .max(),
      ),
    ).toEqual([expect.closeTo(0, 4)]);
  });

  test.each([-7, -4, -1, 2])('the 256 levels of a discretized logistic with ln s = %i sum to 1', async (logScale) => {
    const x = Float32Array.from({ length: 256 }, (_, k) => -1 + (2 * k) / 255);
    for (const mean of [-1.3, 0.0123, 0.9]) {
      const terms = losses.discretizedLogistic(tensor(x), full([256], mean), full([256], logScale));
      const sum = (await numbers(terms)).reduce((a, v) => a + Math.exp(v), 0);
      expect(Math.abs(sum - 1)).toBeLessThan(2e-4);
    }
  });

  test('the levels of a mixture sum to 1', async () => {
    const x = tensor(
      Float32Array.from({ length: 256 }, (_, k) => -1 + (2 * k) / 255),
      [256, 1],
    );
    const spread = (values: number[]) => tensor(values, [1, values.length]).expand([256, values.length]);
    const terms = losses.discretizedLogisticMixture(x, {
      logits: spread([0.3, -1, 2]),
      means: spread([-0.7, 0.2, 0.95]).unsqueeze(2),
      logScales: spread([-5, -2, -3.3]).unsqueeze(2),
    });
    expect((await numbers(terms)).reduce((a, v) => a + Math.exp(v), 0)).toBeCloseTo(1, 3);
  });

  test('a discretized logistic keeps value and slope far out, where sigmoids are equal in float32', async () => {
    const mean = tensor([0.9, 0.9, 0.9]);
    const y = losses.discretizedLogistic(tensor([-0.5, -1, 1]), mean, full([3], Math.log(0.005)));
    // σ(a)(1 − e^(−Δ/s)) for far negative a is e^a(1 − e^(−Δ/s)); at the lowest level e^a; at the highest σ(−b)
    const [s, half] = [0.005, 1 / 255];
    const inner = (-0.5 + half - 0.9) / s + Math.log(1 - Math.exp((-2 * half) / s));
    const lowest = (-1 + half - 0.9) / s;
    const highest = -Math.log(1 + Math.exp((1 - half - 0.9) / s));
    const values = await numbers(y);
    for (const [i, wanted] of [inner, lowest, highest].entries()) expect(values[i]! / wanted).toBeCloseTo(1, 5);
    const slopes = await numbers(grad(y.sum(), mean));
    expect(slopes[0]).toBeCloseTo(-200, 2);
    expect(slopes[1]).toBeCloseTo(-200, 2);
  });

  test('cross entropy of equal logits is ln K; a label that is ignored gives no loss and no gradient', async () => {
    const logits = full([2, 3, 7], 4);
    const labels = tensor(Int32Array.of(0, 6, 3, -1, -1, 2), [2, 3]);
    const y = losses.crossEntropy(logits, labels, { ignoreIndex: -1 });
    const [three, one] = await numbers(y);
    expect(three).toBeCloseTo(3 * Math.log(7), 5);
    expect(one).toBeCloseTo(Math.log(7), 5);
    const slopes = await numbers(grad(y.sum(), logits));
    expect(slopes.slice(21, 35).every((v) => v === 0)).toBe(true);
    expect(slopes.slice(35).every((v) => v !== 0)).toBe(true);
  });

  test('smooth L1 with β = 0 is the absolute error', async () => {
    const [x, y] = [normals([3, 4], 1), normals([3, 4], 2)];
    expect(await numbers(losses.smoothL1(x, y, { beta: 0 }))).toEqual(await numbers(losses.absoluteError(x, y)));
  });
});

describe('divergences', () => {
  const n = 40_000;

  test('KL of normals agrees with Monte Carlo and with the standard form', async () => {
    const [mean, logVariance] = [tensor([[0.5, -1, 2]]), tensor([[0.3, -1, 0.5]])];
    const [mean2, logVariance2] = [tensor([[0, 0.2, 1]]), tensor([[0.6, -0.5, 1]])];
    const x = normals([n, 3], 3).mul(logVariance.mul(0.5).exp()).add(mean);
    for (const [m, v] of [[mean2, logVariance2] as const, [0, 0] as const]) {
      const ratio = losses.gaussian(x, mean, logVariance).sub(losses.gaussian(x, m, v));
      const { mean: estimate, error } = meanOf(await numbers(ratio));
      const exact = await losses.klNormal({ mean, logVariance }, { mean: m, logVariance: v }).item();
      expect(Math.abs(exact - estimate)).toBeLessThan(4 * error);
    }
    const standard = await losses.klStandardNormal(mean, logVariance).item();
    expect(standard).toBeCloseTo(await losses.klNormal({ mean, logVariance }, { mean: 0, logVariance: 0 }).item(), 5);
    expect(await losses.klNormal({ mean, logVariance }, { mean, logVariance }).item()).toBe(0);
  });

  test('classes of probability 0: 0·ln 0 = 0, and Jensen–Shannon reaches ln 2 for disjoint supports', async () => {
    const never = Number.NEGATIVE_INFINITY;
    const p = tensor([[0, 0, never, never, never]]);
    const q = tensor([[0, 1, 2, 0, never]]);
    const disjoint = tensor([[never, never, 1, 2, never]]);
    const z = 2 + Math.E + Math.E ** 2;
    expect(await losses.klCategorical(p, q).item()).toBeCloseTo(0.5 * Math.log((z * z) / (4 * Math.E)), 5);
    expect(await losses.klCategorical(q, p).item()).toBe(Number.POSITIVE_INFINITY);
    expect(await losses.jensenShannon(p, disjoint).item()).toBeCloseTo(Math.LN2, 6);
    expect(await losses.jensenShannon(q, q).item()).toBeCloseTo(0, 6);
    const slopes = concat([
      ...grad(losses.klCategorical(p, q).sum(), [p, q]),
      ...grad(losses.jensenShannon(p, disjoint).sum(), [p, disjoint]),
    ]);
    expect((await numbers(slopes)).every(Number.isFinite)).toBe(true);
  });

  test('MMD: 0 on average for one distribution, larger for two, never negative where biased', async () => {
    const same: number[] = [];
    const apart: number[] = [];
    for (let i = 0; i < 40; i++) {
      const [x, y] = [normals([30, 2], 10 + i), normals([25, 2], 100 + i)];
      const biased = losses.mmd(x, y, { biased: true });
      const results = await evaluate([losses.mmd(x, y), losses.mmd(x, y.add(1)), biased]);
      same.push(results[0]!.data[0] as number);
      apart.push(results[1]!.data[0] as number);
      expect(results[2]!.data[0]).toBeGreaterThan(0);
    }
    const { mean, error } = meanOf(same);
    expect(Math.abs(mean)).toBeLessThan(4 * error);
    // E k between N(0, I) and N(m, I) with σ = 1 in 2-D: (1/3)·exp(−‖m‖²/6), so MMD² = (2/3)(1 − e^(−1/3)) for m = (1, 1)
    const shifted = meanOf(apart);
    expect(Math.abs(shifted.mean - (2 / 3) * (1 - Math.exp(-1 / 3)))).toBeLessThan(4 * shifted.error);
  });

  test('the total correlation of correlated codes is the closed form, less the estimator’s known bias', async () => {
    const N = 1200;
    const [rho, noise] = [0.9, 0.25];
    const base = normals([N, 2], 5);
    const mixing = tensor([
      [1, rho],
      [0, Math.sqrt(1 - rho * rho)],
    ]);
    const mean = base.matmul(mixing); // covariance [[1, ρ], [ρ, 1]]
    const logVariance = full([N, 2], Math.log(noise));
    const code = mean.add(normals([N, 2], 6).mul(Math.sqrt(noise)));
    const parts = losses.klParts(code, mean, logVariance, { dataSize: N });
    const values = await evaluate([
      parts.totalCorrelation,
      parts.mutualInformation.add(parts.totalCorrelation).add(parts.dimensionWise),
      losses.gaussian(code, mean, logVariance).sub(losses.gaussian(code, 0, 0)),
    ]);
    const [tc, total, kl] = values.map((v) => Array.from(v.data as Float32Array));
    total!.forEach((v, i) => {
      expect(Math.abs(v - kl![i]!)).toBeLessThan(1e-3);
    });
    // With the whole data set as the batch each ln q is exact but for −ln M, which two marginals have twice.
    const correlation = rho / (1 + noise);
    const { mean: estimate, error } = meanOf(tc!);
    const exact = -0.5 * Math.log(1 - correlation ** 2);
    expect(Math.abs(estimate - Math.log(N) - exact)).toBeLessThan(4 * error);
  });
});

describe('adversarial', () => {
  const x = normals([6, 2, 3], 20);
  const fake = normals([6, 2, 3], 21);
  const epsilon = tensor([0, 0.2, 0.4, 0.6, 0.8, 1]);

  test('sure discriminators give finite losses; only the saturating generator loses its gradient', async () => {
    const sure = full([3], -500);
    for (const game of [losses.nonSaturating, losses.saturating]) {
      expect(Number.isFinite(await game.discriminator(sure.neg(), sure).item())).toBe(true);
      expect(Number.isFinite(await game.generator(sure).item())).toBe(true);
    }
    expect((await numbers(grad(losses.nonSaturating.generator(sure), sure)))[0]).toBeCloseTo(-1 / 3, 6);
    expect((await numbers(grad(losses.saturating.generator(sure), sure)))[0]).toBe(0);
  });

  test('the penalties of a linear critic are (‖w‖ − 1)² and ½‖w‖², their gradients exact', async () => {
    const w = tensor([1, -2, 2, 0, 4, 0]); // ‖w‖ = 5
    const linear: losses.Critic = (t) => t.flatten(1).matmul(w);
    const penalty = losses.gradientPenalty(linear, x, fake, epsilon);
    expect(await penalty.item()).toBeCloseTo(16, 4);
    const slopes = await numbers(grad(penalty, w));
    [1, -2, 2, 0, 4, 0].forEach((v, i) => {
      expect(slopes[i]).toBeCloseTo((8 * v) / 5, 4);
    });
    const r1 = losses.r1Penalty(linear, x);
    expect(await r1.item()).toBeCloseTo(12.5, 5);
    expect((await numbers(grad(r1, w)))[4]).toBeCloseTo(4, 5);
    expect(await losses.gradientPenalty(linear, x, fake, epsilon, { target: 5 }).item()).toBeCloseTo(0, 8);
  });

  test('a flat critic has penalty 1 and no NaN in its gradient', async () => {
    const w = full([6], 0);
    const penalty = losses.gradientPenalty((t) => t.flatten(1).matmul(w), x, fake, epsilon.reshape([6, 1, 1]));
    expect(await penalty.item()).toBeCloseTo(1, 5);
    expect((await numbers(grad(penalty, w))).every(Number.isFinite)).toBe(true);
  });

  test('second derivatives agree with finite differences', async () => {
    const start = Array.from((await normals([6 * 4 + 4], 22).data()) as Float32Array);
    const penaltiesAt = (values: readonly number[]): readonly [Tensor, Tensor, Tensor] => {
      const w = tensor([...values]);
      const critic: losses.Critic = (t) =>
        t
          .flatten(1)
          .matmul(w.slice([0, 24]).reshape([6, 4]))
          .silu()
          .matmul(w.slice([24, 28]));
      return [w, losses.gradientPenalty(critic, x, fake, epsilon), losses.r1Penalty(critic, x)];
    };
    const [w, ...penalties] = penaltiesAt(start);
    const slopes = await evaluate(penalties.map((p) => grad(p, w)));
    const h = 1e-2;
    for (const i of [0, 7, 13, 23, 24, 27]) {
      const moved = [-h, h].flatMap((d) => penaltiesAt(start.with(i, start[i]! + d)).slice(1));
      const at = (await evaluate(moved)).map((v) => v.data[0] as number);
      for (const k of [0, 1]) {
        const wanted = (at[2 + k]! - at[k]!) / (2 * h);
        expect(Math.abs((slopes[k]!.data[i] as number) - wanted)).toBeLessThan(2e-3 * (1 + Math.abs(wanted)));
      }
    }
  });
});

describe('mistakes are named', () => {
  const [a, b, c] = [full([4, 3], 0), full([4], 0), full([4, 1], 0)];
  const labels = tensor(Int32Array.of(0, 1, 2, 0));

  test.each<[string, () => unknown, string]>([
    [
      'shapes differ',
      () => losses.mse(a, b),
      'squaredError: expected two tensors of one shape, a batch axis first, got [4, 3] and [4].',
    ],
    ['[N] beside [N, 1]', () => losses.gaussian(b, c, 0), 'gaussian: expected one side of the full shape'],
    ['no batch axis', () => losses.gaussian(tensor(1), 0, 0), 'gaussian: expected a batch axis'],
    ['bernoulli', () => losses.bernoulliFromLogits(a, c), 'bernoulliFromLogits: expected two tensors of one shape'],
    [
      'labels of another shape',
      () => losses.crossEntropy(a, c.cast('int32')),
      'crossEntropy: expected logits [N, …, classes] and labels [N, …], got [4, 3] and [4, 1].',
    ],
    [
      'smoothing',
      () => losses.crossEntropy(a, labels, { smoothing: 2 }),
      'crossEntropy, smoothing: expected a number in [0, 1], got 2.',
    ],
    ['huber', () => losses.huber(a, a, { delta: 0 }), 'huber, delta: expected a number > 0, got 0.'],
    ['levels', () => losses.discretizedLogistic(a, a, a, { levels: 1 }), 'two or more levels'],
    [
      'mixture',
      () => losses.discretizedLogisticMixture(a, { logits: a, means: a, logScales: a }),
      'discretizedLogisticMixture, means: expected [4, 3, 3] for x [4, 3], got [4, 3].',
    ],
    ['mmd', () => losses.mmd(a, b), 'mmd: expected two sets of 2 or more vectors of one length'],
    ['kernel', () => losses.rbfKernel([0]), 'rbfKernel: expected one or more numbers > 0, got [0].'],
    [
      'data size',
      () => losses.klParts(a, a, a, { dataSize: 3 }),
      "klParts, dataSize: expected at least the batch's 4 items, got 3.",
    ],
    [
      'epsilon',
      () => losses.gradientPenalty((t) => t, a, a, full([3], 0)),
      'gradientPenalty, epsilon: expected one number for each of the 4 items, got [3].',
    ],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(message);
  });
});
