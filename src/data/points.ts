/**
 * Distributions in the plane: small problems on which a model's density can be seen. All lie within about [−2.5, 2.5]²
 * with mean near 0 and deviation near 1. Point i depends on (seed, split, i) alone.
 */

import { RandomSequence } from '../random/sequence.js';
import { type DataSetRecord, defineGeneratedDataSet } from './data-set.js';
import { sites } from './sites.js';

/** Draws one point to `out[at]`, `out[at + 1]` and returns its label. */
type Draw = (random: RandomSequence, out: Float32Array, at: number) => number;

interface PointSet {
  readonly id: keyof typeof sites;
  readonly title: string;
  readonly summary: string;
  /** Names of the parts; a set of one part has no labels. */
  readonly labels?: readonly string[];
  readonly draw: Draw;
}

function definePoints({ id, draw, ...described }: PointSet): DataSetRecord {
  return defineGeneratedDataSet({
    ...described,
    id,
    kind: 'points',
    shape: [2],
    splits: { train: 20000, validation: 2000, test: 2000 },
    generate({ seed, step, count }) {
      const items = new Float32Array(2 * count);
      const labels = new Int32Array(count);
      const random = new RandomSequence({ seed, site: sites[id] });
      for (let i = 0; i < count; i++) {
        random.moveTo({ seed, site: sites[id], step, row: i });
        labels[i] = draw(random, items, 2 * i);
      }
      return described.labels === undefined ? { count, items } : { count, items, labels };
    },
  });
}

/** Adds noise of deviation `noise` and stores. */
function put(random: RandomSequence, out: Float32Array, at: number, x: number, y: number, noise: number): void {
  out[at] = x + random.normal(0, noise);
  out[at + 1] = y + random.normal(0, noise);
}

export const moons = definePoints({
  id: 'moons',
  title: 'Two moons',
  summary: 'Two interlocking half circles of radius 1.4 with noise 0.09.',
  labels: ['upper', 'lower'],
  draw(random, out, at) {
    const label = random.int(2);
    const t = random.uniform(0, Math.PI);
    const [x, y] = label === 0 ? [Math.cos(t), Math.sin(t)] : [1 - Math.cos(t), 0.5 - Math.sin(t)];
    put(random, out, at, 1.4 * (x - 0.5), 1.4 * (y - 0.25), 0.09);
    return label;
  },
});

export const circles = definePoints({
  id: 'circles',
  title: 'Two circles',
  summary: 'Circles of radius 1.8 and 0.9 around the origin with noise 0.08.',
  labels: ['outer', 'inner'],
  draw(random, out, at) {
    const label = random.int(2);
    const radius = label === 0 ? 1.8 : 0.9;
    const t = random.uniform(0, 2 * Math.PI);
    put(random, out, at, radius * Math.cos(t), radius * Math.sin(t), 0.08);
    return label;
  },
});

/** The eight Gaussians: their middles, counter-clockwise from (1.6, 0), and their deviation in each coordinate. */
export const gaussianCentres: readonly (readonly [x: number, y: number])[] = Array.from({ length: 8 }, (_, k) => [
  1.6 * Math.cos((k * Math.PI) / 4),
  1.6 * Math.sin((k * Math.PI) / 4),
]);
export const gaussianDeviation = 0.1;

export const gaussians = definePoints({
  id: 'gaussians',
  title: 'Eight Gaussians',
  summary: 'Eight equal Gaussians of deviation 0.1 on a circle of radius 1.6: does a model find every mode?',
  labels: ['0°', '45°', '90°', '135°', '180°', '225°', '270°', '315°'],
  draw(random, out, at) {
    const label = random.int(8);
    const [x, y] = gaussianCentres[label] as readonly [number, number];
    put(random, out, at, x, y, gaussianDeviation);
    return label;
  },
});

export const swissRoll = definePoints({
  id: 'swiss-roll',
  title: 'Swiss roll',
  summary: 'A spiral band, t (cos t, sin t) for t from 1.5π to 4.5π, scaled to radius 2, with noise 0.05.',
  draw(random, out, at) {
    const t = 1.5 * Math.PI * random.uniform(1, 3);
    const scale = 2 / (4.5 * Math.PI);
    put(random, out, at, scale * t * Math.cos(t), scale * t * Math.sin(t), 0.05);
    return 0;
  },
});

export const checkerboard = definePoints({
  id: 'checkerboard',
  title: 'Checkerboard',
  summary: 'Uniform on the eight dark squares of a 4×4 board on [−2, 2]²: sharp edges.',
  draw(random, out, at) {
    const column = random.int(4);
    const row = 2 * random.int(2) + (column % 2);
    out[at] = column - 2 + random.uniform();
    out[at + 1] = row - 2 + random.uniform();
    return 0;
  },
});

export const spiral = definePoints({
  id: 'spiral',
  title: 'Two spirals',
  summary: 'Two arms that turn one and a half times out to radius 2, with noise 0.05.',
  labels: ['first', 'second'],
  draw(random, out, at) {
    const label = random.int(2);
    const t = Math.sqrt(random.uniform()); // even density along the arm
    const angle = 3 * Math.PI * t + label * Math.PI;
    put(random, out, at, 2 * t * Math.cos(angle), 2 * t * Math.sin(angle), 0.05);
    return label;
  },
});
