import { describe, expect, it } from 'vitest';
import { discretizedGaussian } from '../../src/losses/index.js';
import { evaluate, type Tensor, tensor } from '../../src/node/index.js';
import {
  atTimes,
  clipSample,
  DDPMScheduler,
  dynamicThreshold,
  learnedDeviation,
  NoiseSchedule,
  VariationalBound,
  varianceTypes,
} from '../../src/processes/index.js';
import { Rng } from '../../src/random/rng.js';

const values = async (t: Tensor): Promise<number[]> => Array.from((await t.data()) as Float32Array);

describe('the clean estimate', () => {
  it('is clipped', async () => {
    expect(await values(clipSample()(tensor([-3, 0.25, 1.5])))).toEqual([-1, 0.25, 1]);
    expect(await values(clipSample(2)(tensor([-3, 0.25, 1.5])))).toEqual([-2, 0.25, 1.5]);
  });

  it('is thresholded dynamically, each item by its own quantile and never below 1', async () => {
    const items = [
      [0.1, -4, 2, 3, -1, 0.5],
      [0.1, -0.2, 0.3, 0.4, 0.5, -0.6],
    ];
    for (const ratio of [0.5, 0.9, 0.995, 1]) {
      const wanted = items.map((item) => {
        const sorted = item.map(Math.abs).sort((a, b) => a - b);
        const place = ratio * 5;
        const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
        const s = Math.max(1, low + (high - low) * (place - Math.floor(place)));
        return item.map((x) => Math.min(s, Math.max(-s, x)) / s);
      });
      const got = await values(dynamicThreshold(ratio)(tensor(items).reshape([2, 1, 2, 3])));
      for (const [i, x] of wanted.flat().entries()) expect(got[i]).toBeCloseTo(x, 5);
    }
    expect(() => dynamicThreshold(0)).toThrow(/ratio/);
  });
});

describe('quantised values under a normal distribution', () => {
  it('have probabilities that sum to 1', async () => {
    const levels = tensor(
      Float32Array.from({ length: 256 }, (_, i) => -1 + (2 * i) / 255),
      [256, 1],
    );
    for (const [mean, deviation] of [
      [0, 0.3],
      [0.9, 0.01],
      [-1, 0.1],
      [0.2, 0.004],
    ] as const) {
      const logs = await values(discretizedGaussian(levels, tensor([[mean]]), tensor([[Math.log(deviation)]])));
      expect(logs.reduce((sum, log) => sum + Math.exp(log), 0)).toBeCloseTo(1, 4);
    }
  });

  it('have about the density times the width where the distribution is broad', async () => {
    const [log] = await values(discretizedGaussian(tensor([[0.1]]), tensor([[0]]), tensor([[Math.log(0.5)]])));
    const density = Math.exp(-0.5 * (0.1 / 0.5) ** 2) / (0.5 * Math.sqrt(2 * Math.PI));
    expect(log).toBeCloseTo(Math.log((density * 2) / 255), 2);
  });
});

it('learned variances run from β̃ to β', async () => {
  const c = new DDPMScheduler({ varianceType: 'learned_range' }).setTimesteps(20).coefficients(3);
  const scalars = Object.fromEntries(Object.entries(c).map(([k, v]) => [k, tensor(v)])) as never;
  const got = await values(learnedDeviation(tensor([-1, 0, 1]), scalars));
  const [low, high] = [c.logVarianceLow!, c.logVarianceHigh!];
  for (const [i, log] of [low, (low + high) / 2, high].entries()) expect(got[i]! / Math.exp(log / 2)).toBeCloseTo(1, 5);
});

describe('the variational bound', () => {
  const schedule = new NoiseSchedule({ numTrainTimesteps: 20, betaStart: 0.005, betaEnd: 0.4 });
  const [original, sample, guess] = [0.3, -0.7, 0.1];
  const one = (x: number): Tensor => tensor([[x]]);

  it.each(varianceTypes)('has the terms of the paper with variance %s', async (varianceType) => {
    const bound = new VariationalBound(schedule, { varianceType });
    const v = 0.2;
    for (const t of [0, 1, 7, 19]) {
      const { sample: a, original: b, variance: small, beta } = schedule.posterior(t, t - 1);
      const low = t === 0 ? schedule.posterior(1, 0).variance : small;
      const share = (v + 1) / 2;
      const learned = Math.exp(share * Math.log(beta) + (1 - share) * Math.log(low));
      const used = { fixed_small: low, fixed_large: beta, learned_range: learned }[varianceType];
      const [mean, trueMean] = [a * sample + b * guess, a * sample + b * original];
      const wanted =
        t === 0
          ? 0.5 * (Math.log(2 * Math.PI * used) + (original - mean) ** 2 / used)
          : 0.5 * (Math.log(used / small) + (small + (trueMean - mean) ** 2) / used - 1);
      const term = bound.term({
        original: one(original),
        sample: one(sample),
        predOriginal: one(guess),
        variance: one(v),
        t: tensor(Int32Array.of(t)),
      });
      expect(Math.abs((await values(term))[0]! - wanted)).toBeLessThan(1e-5 * (1 + wanted));
    }
  });

  it('has the prior term', async () => {
    const bar = schedule.alphaBar(19);
    const wanted = 0.5 * (bar * 0.09 + (1 - bar) - 1 - Math.log(1 - bar));
    expect(
      (await values(new VariationalBound(schedule, { varianceType: 'fixed_small' }).prior(one(0.3))))[0],
    ).toBeCloseTo(wanted, 5);
  });

  it('draws every time with the probability that it says', async () => {
    const bound = new VariationalBound(schedule, { varianceType: 'fixed_large' });
    const count = 200_000;
    const { t, probability } = bound.drawTimes(count, new Rng({ seed: 4 }));
    const [times, odds] = (await evaluate([t, probability])).map((host) => Array.from(host.data, Number));
    const seen = new Map<number, { n: number; p: number }>();
    for (const [i, time] of times!.entries()) seen.set(time, { n: (seen.get(time)?.n ?? 0) + 1, p: odds![i]! });
    expect(seen.size).toBe(20);
    expect([...seen.values()].reduce((sum, { p }) => sum + p, 0)).toBeCloseTo(1, 4);
    for (const { n, p } of seen.values()) expect(Math.abs(n / count - p)).toBeLessThan(4.5 * Math.sqrt(p / count));
    // So weighting by 1/p estimates the sum over all times: Σ 1 = 20.
    expect(odds!.reduce((sum, p) => sum + 1 / p, 0) / count).toBeCloseTo(20, 0);
  });

  it('reads tables by time', async () => {
    const got = atTimes([5, 6, 7], tensor(Int32Array.of(2, 0)), 3);
    expect(got.shape).toEqual([2, 1, 1]);
    expect(await values(got)).toEqual([7, 5]);
  });
});
