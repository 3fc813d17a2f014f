import { describe, expect, test } from 'vitest';
import { fillNormal, fillUint32, fillUniform, permutation, randomInt } from '../../src/random/distributions.js';
import { philox4x32 } from '../../src/random/philox.js';
import { RandomSequence } from '../../src/random/sequence.js';

const N = 200_000;

/** Largest distance between the empirical and the true distribution function, times √n. */
function kolmogorovSmirnov(values: Float32Array, distribution: (x: number) => number): number {
  const sorted = Float32Array.from(values).sort();
  const n = sorted.length;
  let distance = 0;
  sorted.forEach((x, i) => {
    const p = distribution(x);
    distance = Math.max(distance, p - i / n, (i + 1) / n - p);
  });
  return distance * Math.sqrt(n);
}

/** At 1.95 the Kolmogorov–Smirnov test rejects one true distribution in a thousand. */
const KS_LIMIT = 1.95;

/** Φ(x) by integrating the density from −8 with Simpson's rule on a grid, then interpolating. */
const normalCdf = (() => {
  const low = -8;
  const h = 1 / 512;
  const density = (x: number) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  const table = [0];
  for (let i = 0; i < 16 * 512; i++) {
    const a = low + i * h;
    table.push((table[i] as number) + (h / 6) * (density(a) + 4 * density(a + h / 2) + density(a + h)));
  }
  return (x: number) => {
    const t = Math.min(Math.max((x - low) / h, 0), table.length - 1.001);
    const i = Math.floor(t);
    return (table[i] as number) + (t - i) * ((table[i + 1] as number) - (table[i] as number));
  };
})();

function moments(values: Float32Array): { mean: number; variance: number; skewness: number; kurtosis: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const central = (k: number) => values.reduce((sum, x) => sum + (x - mean) ** k, 0) / values.length;
  const variance = central(2);
  return { mean, variance, skewness: central(3) / variance ** 1.5, kurtosis: central(4) / variance ** 2 };
}

const fills = [
  { name: 'uniform', fill: fillUniform },
  { name: 'normal', fill: fillNormal },
];

describe('uniform', () => {
  const values = new Float32Array(N);
  fillUniform(values, { seed: 1, site: 2, step: 3, rowSize: 1000 });

  test('lies in [0, 1), has the moments of U(0, 1), passes Kolmogorov–Smirnov', () => {
    expect(values.every((x) => x >= 0 && x < 1)).toBe(true);
    const { mean, variance, skewness } = moments(values);
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(4 / Math.sqrt(12 * N));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / N));
    expect(Math.abs(skewness)).toBeLessThan(0.02);
    expect(kolmogorovSmirnov(values, (x) => x)).toBeLessThan(KS_LIMIT);
  });

  test('is the top 24 bits of the word at (block, row, step, site)', () => {
    const out = new Uint32Array(4);
    philox4x32(Uint32Array.of(3, 17, 3, 2), Uint32Array.of(1, 0), out);
    expect(values[17 * 1000 + 3 * 4 + 2]).toBe(((out[2] as number) >>> 8) / 2 ** 24);
  });
});

describe('normal', () => {
  const values = new Float32Array(N);
  fillNormal(values, { seed: 1, site: 2, step: 3, rowSize: 1000 });

  test('has the moments of N(0, 1) and passes Kolmogorov–Smirnov', () => {
    const { mean, variance, skewness, kurtosis } = moments(values);
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(N));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / N));
    expect(Math.abs(skewness)).toBeLessThan(4 * Math.sqrt(6 / N));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(4 * Math.sqrt(24 / N));
    expect(kolmogorovSmirnov(values, normalCdf)).toBeLessThan(KS_LIMIT);
  });

  test('neighbours are uncorrelated, also across rows and within a Box–Muller pair', () => {
    for (const lag of [1, 2, 1000]) {
      let sum = 0;
      for (let i = 0; i + lag < N; i++) sum += (values[i] as number) * (values[i + lag] as number);
      expect(Math.abs(sum / (N - lag))).toBeLessThan(4 / Math.sqrt(N));
    }
  });

  test('is Box–Muller of the words, as Math computes it', () => {
    const words = new Uint32Array(N);
    fillUint32(words, { seed: 1, site: 2, step: 3, rowSize: 1000 });
    let worst = 0;
    for (let e = 0; e < 20_000; e += 2) {
      const radius = Math.sqrt(-2 * Math.log(((words[e] as number) + 1) / 2 ** 32));
      const angle = (2 * Math.PI * (words[e + 1] as number)) / 2 ** 32;
      worst = Math.max(
        worst,
        Math.abs((values[e] as number) - Math.fround(radius * Math.cos(angle))),
        Math.abs((values[e + 1] as number) - Math.fround(radius * Math.sin(angle))),
      );
    }
    expect(worst).toBeLessThan(1e-6);
  });
});

describe.each(fills)('$name: a value depends on its place alone', ({ fill }) => {
  test.each([1, 2, 3, 5, 7, 8, 784])('rows of %i: any split into batches gives the same rows', (rowSize) => {
    const rows = 11;
    const whole = new Float32Array(rows * rowSize);
    fill(whole, { seed: 5, site: 6, step: 7, firstRow: 100, rowSize });
    for (const batch of [1, 4]) {
      for (let r = 0; r < rows; r += batch) {
        const part = new Float32Array(Math.min(batch, rows - r) * rowSize);
        fill(part, { seed: 5, site: 6, step: 7, firstRow: 100 + r, rowSize });
        expect(part).toEqual(whole.slice(r * rowSize, r * rowSize + part.length));
      }
    }
  });

  test('a longer row begins with the shorter one', () => {
    const short = new Float32Array(7);
    const long = new Float32Array(23);
    fill(short, { seed: 5, site: 6 });
    fill(long, { seed: 5, site: 6 });
    expect(short).toEqual(long.slice(0, 7));
  });

  test('works inside a larger buffer and leaves the rest alone', () => {
    const buffer = new Float32Array(10).fill(42);
    fill(buffer.subarray(3, 8), { seed: 5, site: 6 });
    const alone = new Float32Array(5);
    fill(alone, { seed: 5, site: 6 });
    expect([...buffer]).toEqual([42, 42, 42, ...alone, 42, 42]);
  });

  test('seed, both halves of it, site, step and row each change every value', () => {
    const base = { seed: 5, site: 6, step: 7, firstRow: 8 };
    const variants = [base, { ...base, seed: 6 }, { ...base, seed: 5 + 2 ** 32 }, { ...base, site: 7 }];
    const all = [...variants, { ...base, step: 8 }, { ...base, firstRow: 9 }].map((stream) => {
      const out = new Float32Array(64);
      fill(out, stream);
      return [...out];
    });
    expect(new Set(all.flat()).size).toBe(all.flat().length);
  });

  test('refuses an array that is not whole rows', () => {
    expect(() => fill(new Float32Array(10), { seed: 0, site: 0, rowSize: 4 })).toThrow(/whole rows of 4 elements/);
    expect(() => fill(new Float32Array(0), { seed: 0, site: 0, rowSize: 4 })).not.toThrow();
  });
});

describe('permutation', () => {
  test('holds every index once, is reproducible, and changes with seed, step and site', () => {
    const order = permutation(1000, { seed: 1, site: 2, step: 3 });
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(permutation(1000, { seed: 1, site: 2, step: 3 })).toEqual(order);
    for (const other of [
      { seed: 2, site: 2, step: 3 },
      { seed: 1, site: 3, step: 3 },
      { seed: 1, site: 2, step: 4 },
    ]) {
      expect(permutation(1000, other)).not.toEqual(order);
    }
    expect(permutation(0, { seed: 1, site: 2 })).toHaveLength(0);
    expect([...permutation(1, { seed: 1, site: 2 })]).toEqual([0]);
  });

  test('all 24 orders of 4 things are equally likely (chi-square, 23 degrees of freedom)', () => {
    const draws = 24_000;
    const counts = new Map<string, number>();
    for (let step = 0; step < draws; step++) {
      const key = permutation(4, { seed: 9, site: 1, step }).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const expected = draws / 24;
    const chi2 = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chi2).toBeLessThan(49.7); // one in a thousand
  });
});

describe('randomInt', () => {
  test('is uniform, also for n that does not divide 2^32', () => {
    const counts = new Array<number>(7).fill(0);
    for (let step = 0; step < 14_000; step++) {
      const value = randomInt(7, { seed: 3, site: 1, step });
      counts[value] = (counts[value] as number) + 1;
    }
    const chi2 = counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    expect(chi2).toBeLessThan(22.5); // 6 degrees of freedom, one in a thousand
  });

  test('draws again above the last whole multiple: a biased n = 3·2^30 would favour the low third', () => {
    const random = new RandomSequence({ seed: 3, site: 1 });
    let low = 0;
    for (let i = 0; i < 10_000; i++) if (random.int(3 * 2 ** 30) < 2 ** 30) low++;
    expect(Math.abs(low / 10_000 - 1 / 3)).toBeLessThan(0.02); // with bias: 1/2
  });

  test('takes n from 1 to 2^32', () => {
    expect(randomInt(1, { seed: 0, site: 0 })).toBe(0);
    expect(randomInt(2 ** 32, { seed: 0, site: 0 })).toBe(new RandomSequence({ seed: 0, site: 0 }).uint32());
    for (const bad of [0, -1, 1.5, 2 ** 32 + 1]) expect(() => randomInt(bad, { seed: 0, site: 0 })).toThrow(/2\^32/);
  });
});

describe('RandomSequence', () => {
  test('reads the words of its row in order, past its buffer, and moveTo starts over', () => {
    const words = new Uint32Array(300);
    fillUint32(words, { seed: 4, site: 5, step: 6, firstRow: 7 });
    const random = new RandomSequence({ seed: 4, site: 5, step: 6, row: 7 });
    const read = () => Array.from({ length: 300 }, () => random.uint32());
    expect(read()).toEqual([...words]);
    random.normal();
    random.moveTo({ seed: 4, site: 5, step: 6, row: 7 });
    expect(read()).toEqual([...words]);
  });

  test('normal and uniform take mean, deviation and bounds', () => {
    const random = new RandomSequence({ seed: 4, site: 5 });
    const normals = Float32Array.from({ length: 20_000 }, () => random.normal(10, 2));
    const { mean, variance } = moments(normals);
    expect(Math.abs(mean - 10)).toBeLessThan(0.06);
    expect(Math.abs(variance - 4)).toBeLessThan(0.2);
    const uniforms = Float32Array.from({ length: 20_000 }, () => random.uniform(-3, 5));
    expect(uniforms.every((x) => x >= -3 && x < 5)).toBe(true);
    expect(kolmogorovSmirnov(uniforms, (x) => (x + 3) / 8)).toBeLessThan(KS_LIMIT);
  });
});
