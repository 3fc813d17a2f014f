/** Masks for inpainting: what to fill is 1, what to keep is 0. */
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { PNG } from 'pngjs';
import { DataError, UsageError } from '../core/errors.js';
import type { HostTensor } from '../core/tensor.js';
import { RandomSequence } from '../random/sequence.js';
import { didYouMean } from '../util/nearest.js';

interface Size {
  readonly height: number;
  readonly width: number;
}

type Shape = (row: number, column: number, size: Size) => boolean;

const inCentre: Shape = (y, x, { height, width }) =>
  y >= height / 4 && y < (3 * height) / 4 && x >= width / 4 && x < (3 * width) / 4;

const named: Readonly<Record<string, Shape>> = {
  left: (_, x, { width }) => x < width / 2,
  right: (_, x, { width }) => x >= width / 2,
  top: (y, _, { height }) => y < height / 2,
  bottom: (y, _, { height }) => y >= height / 2,
  centre: inCentre,
  frame: (y, x, size) => !inCentre(y, x, size),
};

/** Three of four pixels, for `random`. */
const randomShare = 0.75;
const randomSite = 0xffff7a31;

/**
 * A mask for each of `count` images: float32 [count, 1, height, width].
 * @param name left, right, top, bottom, centre, frame or random, or a PNG file whose lighter pixels are to be filled
 * @throws UsageError for another name, or a file of another size; DataError where the file is no PNG
 */
export async function maskOf(
  name: string,
  { height, width, count, seed }: Size & { readonly count: number; readonly seed: number },
): Promise<HostTensor> {
  const one = await fillOf(name, { height, width }, seed);
  const data = new Float32Array(count * height * width);
  for (let i = 0; i < count; i++) data.set(one, i * height * width);
  return { shape: [count, 1, height, width], dtype: 'float32', data };
}

async function fillOf(name: string, size: Size, seed: number): Promise<Float32Array> {
  const { height, width } = size;
  const shape = named[name];
  if (shape !== undefined) {
    return Float32Array.from({ length: height * width }, (_, i) =>
      Number(shape(Math.floor(i / width), i % width, size)),
    );
  }
  if (name === 'random') {
    const random = new RandomSequence({ seed, site: randomSite });
    return Float32Array.from({ length: height * width }, () => Number(random.uniform() < randomShare));
  }
  if (extname(name).toLowerCase() === '.png') return readMask(name, size);
  const names = [...Object.keys(named), 'random'];
  throw new UsageError({
    operation: 'mask',
    expected: `${names.join(', ')}, or a PNG file`,
    got: `'${name}'`,
    remedy: didYouMean(name, names) || 'Name one of these.',
  });
}

async function readMask(path: string, { height, width }: Size): Promise<Float32Array> {
  let png: PNG;
  try {
    png = PNG.sync.read(await readFile(path));
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      { operation: `read ${path}`, expected: 'a PNG picture', got, remedy: 'Name another file.' },
      { cause },
    );
  }
  if (png.height !== height || png.width !== width) {
    throw new UsageError({
      operation: `mask ${path}`,
      expected: `a picture of ${width}×${height} pixels, as the images are`,
      got: `${png.width}×${png.height}`,
      remedy: 'Scale it to that size.',
    });
  }
  return Float32Array.from({ length: height * width }, (_, i) => {
    const [red, green, blue] = [png.data[4 * i]!, png.data[4 * i + 1]!, png.data[4 * i + 2]!];
    return Number(red + green + blue >= 383);
  });
}
