import { describe, expect, test } from 'vitest';
import type { DataSetRecord } from '../../src/data/data-set.js';
import {
  checkerboard,
  circles,
  gaussianCentres,
  gaussianDeviation,
  gaussians,
  moons,
  spiral,
  swissRoll,
} from '../../src/data/points.js';

const N = 8000;

async function load(record: DataSetRecord): Promise<{ x: number; y: number; label: number }[]> {
  const { items, labels } = await record.load('train', { count: N });
  return Array.from({ length: N }, (_, i) => ({
    x: items[2 * i] as number,
    y: items[2 * i + 1] as number,
    label: labels?.[i] ?? 0,
  }));
}

const rms = (values: readonly number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

describe('points in the plane', () => {
  test.each([moons, circles, gaussians, swissRoll, checkerboard, spiral])(
    '$id has mean near 0, deviation near 1, and stays within 2.6',
    async (record) => {
      const points = await load(record);
      for (const axis of ['x', 'y'] as const) {
        const mean = points.reduce((sum, p) => sum + p[axis], 0) / N;
        const deviation = rms(points.map((p) => p[axis] - mean));
        expect(Math.abs(mean)).toBeLessThan(0.35);
        expect(deviation).toBeGreaterThan(0.6);
        expect(deviation).toBeLessThan(1.3);
        expect(Math.max(...points.map((p) => Math.abs(p[axis])))).toBeLessThan(2.6);
      }
    },
  );

  test('gaussians lie around the exported centres with the exported deviation', async () => {
    const points = await load(gaussians);
    const offsets = points.flatMap(({ x, y, label }) => {
      const [cx, cy] = gaussianCentres[label] as readonly [number, number];
      return [x - cx, y - cy];
    });
    expect(Math.abs(rms(offsets) / gaussianDeviation - 1)).toBeLessThan(0.03);
    for (const [x, y] of gaussianCentres) expect(Math.hypot(x, y)).toBeCloseTo(1.6, 12);
  });

  test('circles have two radii', async () => {
    for (const { x, y, label } of await load(circles)) {
      expect(Math.abs(Math.hypot(x, y) - (label === 0 ? 1.8 : 0.9))).toBeLessThan(0.4);
    }
  });

  test('moons are half circles around their own middles', async () => {
    for (const { x, y, label } of await load(moons)) {
      const [cx, cy] = label === 0 ? [-0.7, -0.35] : [0.7, 0.35];
      expect(Math.abs(Math.hypot(x - cx, y - cy) - 1.4)).toBeLessThan(0.45);
      expect(label === 0 ? y - cy : cy - y).toBeGreaterThan(-0.45);
    }
  });

  test('the checkerboard has eight dark squares, evenly filled, and nothing on the light ones', async () => {
    const counts = new Map<string, number>();
    for (const { x, y } of await load(checkerboard)) {
      const [column, row] = [Math.floor(x + 2), Math.floor(y + 2)];
      expect((column + row) % 2).toBe(0);
      counts.set(`${column},${row}`, (counts.get(`${column},${row}`) ?? 0) + 1);
    }
    expect(counts.size).toBe(8);
    for (const count of counts.values()) expect(Math.abs(count / (N / 8) - 1)).toBeLessThan(0.15);
  });

  test('spiral arms and the swiss roll follow angle = a · radius', async () => {
    const residual = (angle: number, along: number) => Math.abs(Math.sin((angle - along) / 2));
    for (const { x, y, label } of await load(spiral)) {
      const r = Math.hypot(x, y);
      if (r > 1) expect(residual(Math.atan2(y, x), 1.5 * Math.PI * r + label * Math.PI)).toBeLessThan(0.75);
    }
    const roll = await load(swissRoll);
    expect(
      rms(roll.map(({ x, y }) => residual(Math.atan2(y, x), (4.5 * Math.PI * Math.hypot(x, y)) / 2))),
    ).toBeLessThan(0.25);
    expect(Math.min(...roll.map(({ x, y }) => Math.hypot(x, y)))).toBeGreaterThan(0.4);
  });
});
