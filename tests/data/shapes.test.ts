import { describe, expect, test } from 'vitest';
import { shapeFactors, shapes } from '../../src/data/shapes.js';

const PIXELS = 32 * 32;

describe('shapes', async () => {
  const { items, labels, factors, captions = [], count } = await shapes.load('train', { count: 600 });
  const factorOf = (i: number, name: string): string | number => {
    const f = shapeFactors.names.indexOf(name as 'x');
    return shapeFactors.values[f]?.[factors?.codes[i * shapeFactors.names.length + f] as number] as string | number;
  };
  const pixel = (i: number, x: number, y: number) =>
    [0, 1, 2].map((c) => items[(i * 3 + c) * PIXELS + Math.floor(y) * 32 + Math.floor(x)] as number);

  test('the middle has the colour, the corners the background', () => {
    for (let i = 0; i < count; i++) {
      const colour = factorOf(i, 'colour');
      const [r, g, b] = pixel(i, factorOf(i, 'x') as number, factorOf(i, 'y') as number) as [number, number, number];
      const strongest = { red: r, green: g, blue: b, yellow: Math.min(r, g), cyan: Math.min(g, b), purple: b }[
        colour as 'red'
      ];
      expect(strongest).toBe({ yellow: 205, cyan: 195 }[colour as 'cyan'] ?? Math.max(r, g, b));
      const corners = [pixel(i, 0, 0), pixel(i, 31, 0), pixel(i, 0, 31), pixel(i, 31, 31)];
      for (const corner of corners) expect(corner).toEqual(corners[0]);
      const grey = corners[0]?.[0] as number;
      expect(factorOf(i, 'background')).toBe(grey < 50 ? 'black' : grey < 200 ? 'grey' : 'white');
    }
  });

  test('the area is that of the kind and the size', () => {
    for (let i = 0; i < count; i++) {
      const back = pixel(i, 0, 0);
      const front = pixel(i, factorOf(i, 'x') as number, factorOf(i, 'y') as number);
      const c = [0, 1, 2].reduce((a, b) =>
        Math.abs((front[a] as number) - (back[a] as number)) > Math.abs((front[b] as number) - (back[b] as number))
          ? a
          : b,
      );
      const plane = (items as Uint8Array).subarray((i * 3 + c) * PIXELS, (i * 3 + c + 1) * PIXELS);
      const span = (front[c] as number) - (back[c] as number);
      const area = plane.reduce((sum, v) => sum + (v - (back[c] as number)) / span, 0);
      const radius = { small: 4.5, medium: 6.5, large: 8.5 }[factorOf(i, 'size') as 'small'];
      // Of the circle π r², square 2 r², triangle ¾√3 r², five-pointed star 5 · 0.45 sin 36° r².
      const unit = { circle: Math.PI, square: 2, triangle: 1.299, star: 5 * 0.45 * Math.sin(Math.PI / 5) };
      const expected = unit[factorOf(i, 'shape') as 'star'] * radius ** 2;
      expect(Math.abs(area / expected - 1)).toBeLessThan(0.12);
    }
  });

  test('label, caption and factors agree', () => {
    for (let i = 0; i < count; i++) {
      expect(shapes.labels?.[labels?.[i] as number]).toBe(factorOf(i, 'shape'));
      expect(captions[i]).toMatch(
        new RegExp(
          `^a ${factorOf(i, 'size')} ${factorOf(i, 'colour')} ${factorOf(i, 'shape')}\\b.* on a ${factorOf(i, 'background')} ground$`,
        ),
      );
      expect(captions[i]?.includes('left')).toBe((factorOf(i, 'x') as number) < 16);
      expect(captions[i]?.includes('bottom')).toBe((factorOf(i, 'y') as number) > 16);
      expect(captions[i]?.includes('middle')).toBe(factorOf(i, 'x') === 16 && factorOf(i, 'y') === 16);
    }
  });

  test('every value of every factor occurs', () => {
    shapeFactors.names.forEach((name, f) => {
      const seen = new Set(Array.from({ length: count }, (_, i) => factorOf(i, name)));
      expect(seen.size).toBe(shapeFactors.values[f]?.length);
    });
  });
});
