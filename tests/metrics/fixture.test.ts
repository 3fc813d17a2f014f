/** Metrics against what SciPy and NumPy compute of the same arrays (fixtures/metrics.py), to 1e-4 relative or better. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { HostTensor } from '../../src/core/tensor.js';
import { calibration } from '../../src/metrics/calibration.js';
import { classificationReport } from '../../src/metrics/classification-report.js';
import { frechetDistance } from '../../src/metrics/frechet.js';
import { psnr, ssim } from '../../src/metrics/image-quality.js';
import { inceptionScore } from '../../src/metrics/inception-score.js';
import { kernelDistance } from '../../src/metrics/kernel-distance.js';
import { maximumMeanDiscrepancy, medianDistance } from '../../src/metrics/mmd.js';
import { neighbourFigures } from '../../src/metrics/neighbours.js';
import { pointsOf, type Rows } from '../../src/metrics/rows.js';
import { transportOnLine } from '../../src/metrics/sliced-wasserstein.js';

type Matrix = number[][];
interface SetCase {
  readonly real: Matrix;
  readonly generated: Matrix;
  readonly frechet: number;
  readonly kid: number;
  readonly precision: number;
  readonly recall: number;
  readonly density: number;
  readonly coverage: number;
  readonly bandwidth: number;
  readonly mmd: number;
}
interface Fixture {
  readonly sets: Readonly<Record<string, SetCase>>;
  readonly probabilities: {
    readonly values: Matrix;
    readonly labels: number[];
    readonly inception: { readonly mean: number; readonly deviation: number };
    readonly calibration: { readonly ece: number; readonly counts: number[] };
  };
  readonly report: {
    readonly labels: number[];
    readonly given: number[];
    readonly accuracy: number;
    readonly precision: number[];
    readonly recall: number[];
    readonly f1: number[];
    readonly confusion: Matrix;
    readonly macro: number;
    readonly weighted: number;
  };
  readonly images: { readonly a: Matrix; readonly b: Matrix; readonly ssim: number; readonly psnr: number };
  readonly line: { readonly a: number[]; readonly b: number[]; readonly w1: number; readonly w2: number };
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/metrics.json', import.meta.url), 'utf8')) as Fixture;

const rows = (matrix: Matrix): Rows => ({
  count: matrix.length,
  width: matrix[0]!.length,
  values: Float64Array.from(matrix.flat()),
});

function close(got: number, expected: number, relative = 1e-6): void {
  expect(Math.abs(got - expected)).toBeLessThanOrEqual(relative * Math.abs(expected) + 1e-12);
}

describe.each(Object.entries(fixture.sets))('%s', (_, stored) => {
  const [real, generated] = [rows(stored.real), rows(stored.generated)];

  test('Fréchet distance', () => {
    // SciPy's own root of a singular product is exact to about 1e-6 only.
    close(frechetDistance(real, generated), stored.frechet, 1e-5);
  });

  test('kernel distance', () => {
    const n = Math.min(real.count, generated.count);
    const first = ({ width, values }: Rows): Rows => ({
      count: n,
      width,
      values: Array.from(values).slice(0, n * width),
    });
    const { mean, deviation } = kernelDistance(first(real), first(generated));
    close(mean, stored.kid);
    expect(deviation).toBe(0);
  });

  test('precision, recall, density and coverage', () => {
    const figures = neighbourFigures(real, generated);
    for (const name of ['precision', 'recall', 'density', 'coverage'] as const) close(figures[name], stored[name]);
  });

  test('MMD with the median distance as bandwidth', () => {
    close(medianDistance(pointsOf('test', real)), stored.bandwidth);
    close(maximumMeanDiscrepancy(real, generated), stored.mmd, 1e-6);
  });
});

test('inception score', () => {
  const { values, inception } = fixture.probabilities;
  const { mean, deviation } = inceptionScore(rows(values), { splits: 4 });
  close(mean, inception.mean);
  close(deviation, inception.deviation);
});

test('calibration', () => {
  const { values, labels, calibration: stored } = fixture.probabilities;
  const { bins, ece } = calibration(rows(values), labels, { bins: 10 });
  expect(bins.map(({ count }) => count)).toEqual(stored.counts);
  close(ece, stored.ece);
});

test('classification report', () => {
  const { labels, given, ...stored } = fixture.report;
  const report = classificationReport(labels, given, { classes: 5 });
  close(report.accuracy, stored.accuracy);
  expect(report.confusion).toEqual(stored.confusion);
  for (const name of ['precision', 'recall', 'f1'] as const) {
    for (const [k, value] of stored[name].entries()) close(report.classes[k]![name], value);
  }
  close(report.macro.f1, stored.macro);
  close(report.weighted.f1, stored.weighted);
});

test('SSIM and PSNR', () => {
  const image = (matrix: Matrix): HostTensor => ({
    shape: [1, 1, matrix.length, matrix[0]!.length],
    dtype: 'float32',
    data: Float32Array.from(matrix.flat()),
  });
  const [a, b] = [image(fixture.images.a), image(fixture.images.b)];
  close(ssim(a, b), fixture.images.ssim);
  close(psnr(a, b), fixture.images.psnr);
  expect(ssim(a, a)).toBeCloseTo(1, 12);
});

test('transport on a line, for equal and for different numbers of points', () => {
  const { w1, w2 } = fixture.line;
  const [a, b] = [Float64Array.from(fixture.line.a), Float64Array.from(fixture.line.b)];
  close(transportOnLine(a, b, 1), w1);
  close(transportOnLine(a.toSorted().subarray(0, 33), b, 2), w2);
});
