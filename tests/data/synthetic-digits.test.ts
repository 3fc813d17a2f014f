import { describe, expect, test } from 'vitest';
import { digitVariants } from '../../src/data/digit-strokes.js';
import { syntheticDigits } from '../../src/data/synthetic-digits.js';

const SIZE = 28;
const PIXELS = SIZE * SIZE;

describe('digit strokes', () => {
  test('the variants of each digit share the whole', () => {
    expect(digitVariants).toHaveLength(10);
    for (const variants of digitVariants) {
      expect(variants.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    }
  });

  test('every point lies in the letter box', () => {
    for (const { x, y } of digitVariants.flat().flatMap(({ strokes }) => strokes.flat())) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(0.75);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(1);
    }
  });
});

describe('synthetic digits', async () => {
  const { items, labels = new Int32Array(0), count } = await syntheticDigits.load('train', { count: 3000 });
  const image = (i: number) => items.subarray(i * PIXELS, (i + 1) * PIXELS);

  test('have the grey statistics of MNIST: mean 0.13, deviation 0.31', () => {
    let [sum, squares] = [0, 0];
    for (let k = 0; k < items.length; k++) {
      const grey = (items[k] as number) / 255;
      sum += grey;
      squares += grey * grey;
    }
    const mean = sum / items.length;
    const deviation = Math.sqrt(squares / items.length - mean * mean);
    expect(mean).toBeGreaterThan(0.115);
    expect(mean).toBeLessThan(0.145);
    expect(deviation).toBeGreaterThan(0.29);
    expect(deviation).toBeLessThan(0.33);
  });

  test('lie in a box of about 20 pixels, centred by mass, with soft edges and nothing cut off', () => {
    let centred = 0;
    for (let i = 0; i < count; i++) {
      let [mass, mx, my, left, right, top, bottom, soft] = [0, 0, 0, SIZE, 0, SIZE, 0, 0];
      image(i).forEach((value, p) => {
        const [x, y] = [p % SIZE, Math.floor(p / SIZE)];
        mass += value;
        mx += value * (x + 0.5);
        my += value * (y + 0.5);
        if (value > 25 && value < 230) soft++;
        if (value < 128) return;
        [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
      });
      const offset = Math.max(Math.abs(mx / mass - SIZE / 2), Math.abs(my / mass - SIZE / 2));
      expect(offset).toBeLessThan(3); // where a long tail would leave the image
      if (offset < 0.9) centred++;
      const longest = Math.max(right - left, bottom - top) + 1;
      expect(longest).toBeGreaterThan(15);
      expect(longest).toBeLessThan(23);
      expect(left * top * (SIZE - 1 - right) * (SIZE - 1 - bottom)).toBeGreaterThan(0);
      expect(soft).toBeGreaterThan(10);
    }
    expect(centred / count).toBeGreaterThan(0.95);
  });

  test('a nearest neighbour among 2,500 names at least 92 of 100 digits: labels and shapes belong together', () => {
    const known = 2500;
    let right = 0;
    for (let i = known; i < known + 300; i++) {
      const wanted = image(i);
      let [nearest, best] = [Infinity, -1];
      for (let j = 0; j < known; j++) {
        const from = j * PIXELS;
        let distance = 0;
        for (let p = 0; p < PIXELS && distance < nearest; p++) {
          const difference = (wanted[p] as number) - (items[from + p] as number);
          distance += difference * difference;
        }
        if (distance < nearest) [nearest, best] = [distance, j];
      }
      if (labels[best] === labels[i]) right++;
    }
    expect(right / 300).toBeGreaterThan(0.92);
  });

  test('no two are alike', () => {
    const keys = new Set(Array.from({ length: count }, (_, i) => image(i).join()));
    expect(keys.size).toBe(count);
  });

  test('20,000 are drawn in seconds', async () => {
    const begin = performance.now();
    await syntheticDigits.load('train');
    expect(performance.now() - begin).toBeLessThan(6000);
  });
});
