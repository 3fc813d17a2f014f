import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { ShapeError, UsageError } from '../../src/core/errors.js';
import { imageGrid, pictureOf, pointPlot } from '../../src/node/images.js';

function images(shape: number[], value: (i: number) => number) {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, dtype: 'float32', data: Float32Array.from({ length: size }, (_, i) => value(i)) } as const;
}

function pixel(png: PNG, x: number, y: number): number[] {
  return [...png.data.subarray((y * png.width + x) * 4, (y * png.width + x) * 4 + 3)];
}

describe('imageGrid', () => {
  it('puts grey images in rows, enlarged by a whole factor, with gaps', () => {
    // Three images of 2×2: image n has the values (n·4 + i)/11.
    const png = PNG.sync.read(
      Buffer.from(
        imageGrid(
          images([3, 1, 2, 2], (i) => i / 11),
          { columns: 2, scale: 3 },
        ),
      ),
    );
    expect([png.width, png.height]).toEqual([4 + 2 * 10, 4 + 2 * 10]);
    const grey = (i: number) => Array(3).fill(Math.round((255 * i) / 11));
    expect(pixel(png, 4, 4)).toEqual(grey(0));
    expect(pixel(png, 6, 6)).toEqual(grey(0));
    expect(pixel(png, 7, 4)).toEqual(grey(1));
    expect(pixel(png, 4, 7)).toEqual(grey(2));
    expect(pixel(png, 14, 4)).toEqual(grey(4)); // second image, same row
    expect(pixel(png, 4, 14)).toEqual(grey(8)); // third image, second row
    const background = pixel(png, 0, 0);
    expect(pixel(png, 10, 5)).toEqual(background);
    expect(pixel(png, 14, 14)).toEqual(background); // there is no fourth
  });

  it('takes the planes of a colour image as red, green and blue, and clips', () => {
    const png = PNG.sync.read(
      Buffer.from(
        imageGrid(
          images([1, 3, 1, 1], (i) => [2, 0.5, -1][i]!),
          { scale: 1 },
        ),
      ),
    );
    expect(pixel(png, 4, 4)).toEqual([255, 128, 0]);
  });

  it('is square and readable by default', () => {
    const png = PNG.sync.read(Buffer.from(imageGrid(images([100, 1, 28, 28], () => 1))));
    expect([png.width, png.height]).toEqual([4 + 10 * 60, 4 + 10 * 60]);
  });

  it('makes a large grid without enlarging, and refuses one that is too large', () => {
    const png = PNG.sync.read(
      Buffer.from(
        imageGrid(
          images([400, 1, 1, 28], () => 0),
          { columns: 400 },
        ),
      ),
    );
    expect(png.width).toBe(4 + 400 * 32);
    expect(() =>
      imageGrid(
        images([600, 1, 1, 28], () => 0),
        { columns: 600 },
      ),
    ).toThrow(UsageError);
  });

  it.each([[[4, 2, 3, 3]], [[4, 9]], [[0, 1, 2, 2]]])('refuses shape %j', (shape) => {
    expect(() => imageGrid(images(shape, () => 0))).toThrow(ShapeError);
  });
});

describe('pointPlot', () => {
  it('draws a dot where the point is, the second axis up', () => {
    const points = { shape: [3, 2], dtype: 'float32', data: Float32Array.from([0, 0, 1, 1, Number.NaN, 5]) } as const;
    const png = PNG.sync.read(Buffer.from(pictureOf(points)));
    const isDot = ([r, g, b]: number[]) => b! > r! + 60 && b! > g! + 40;
    const dots: [number, number][] = [];
    for (let y = 0; y < png.height; y++) {
      for (let x = 0; x < png.width; x++) if (isDot(pixel(png, x, y))) dots.push([x, y]);
    }
    const low = dots.filter(([x, y]) => x < png.width / 2 && y > png.height / 2).length;
    const high = dots.filter(([x, y]) => x > png.width / 2 && y < png.height / 2).length;
    expect(low).toBeGreaterThan(8);
    expect(high).toBeGreaterThan(8);
    expect(low + high).toBe(dots.length);
  });

  it('survives one point, and no finite point', () => {
    const of = (...data: number[]) =>
      ({ shape: [data.length / 2, 2], dtype: 'float32', data: Float32Array.from(data) }) as const;
    for (const points of [of(3, 4), of(Number.NaN, Infinity)]) {
      expect(PNG.sync.read(Buffer.from(pointPlot([{ points }]))).width).toBeGreaterThan(500);
    }
  });

  it('refuses points that are not in the plane', () => {
    expect(() => pictureOf(images([5, 3], () => 0))).toThrow(ShapeError);
  });
});
