/**
 * Scenes of one coloured shape, 32×32 RGB, each known by seven factors and a caption: for conditional and disentangled
 * models. Every combination of factor values can occur, each value of a factor equally often; item i depends on
 * (seed, split, i) alone. The label is the kind of shape.
 */

import { RandomSequence } from '../random/sequence.js';
import {
  type DataSetContents,
  type DataSetRecord,
  defineGeneratedDataSet,
  type GeneratedSplit,
  splitNames,
} from './data-set.js';
import { sites } from './sites.js';

const SIZE = 32;

const kinds = ['circle', 'square', 'triangle', 'star'] as const;
const colours = {
  red: [225, 55, 50],
  green: [50, 170, 75],
  blue: [50, 95, 220],
  yellow: [240, 205, 50],
  purple: [150, 70, 190],
  cyan: [60, 195, 205],
} as const;
const backgrounds = { black: [12, 12, 16], grey: [120, 120, 124], white: [242, 242, 240] } as const;
/** Distance from the middle to the corners, in pixels. */
const radii = { small: 4.5, medium: 6.5, large: 8.5 } as const;
/** Coordinates of the shape's middle, in pixels from the left or the top. */
const positions = [9, 12.5, 16, 19.5, 23] as const;
/** Clockwise, in degrees; below every shape's angle of symmetry except the circle's. */
const rotations = [0, 12, 24, 36, 48, 60] as const;

/** The factors' names and values, in the order of their codes. */
export const shapeFactors = {
  names: ['shape', 'colour', 'size', 'x', 'y', 'rotation', 'background'],
  values: [kinds, Object.keys(colours), Object.keys(radii), positions, positions, rotations, Object.keys(backgrounds)],
} as const;

export const shapes: DataSetRecord = defineGeneratedDataSet({
  id: 'shapes',
  title: 'Shapes',
  summary:
    'One coloured shape on a plain ground, 32×32 RGB, with seven known factors and a caption. Needs no download.',
  kind: 'image',
  shape: [3, SIZE, SIZE],
  labels: kinds,
  splits: { train: 20000, validation: 2000, test: 2000 },
  generate: (split) => drawScenes(split, (random) => shapeFactors.values.map(({ length }) => random.int(length))),
});

/** Share of white grounds in the imbalanced set's training and validation splits. */
const rareShare = 0.01;
const ground = shapeFactors.names.indexOf('background');
const white = Object.keys(backgrounds).indexOf('white');

export const imbalancedShapes: DataSetRecord = defineGeneratedDataSet({
  id: 'shapes-imbalanced',
  title: 'Shapes, imbalanced',
  summary:
    'Shapes of which 1 % stand on a white ground, so that models neglect them; in the test split it is a third. Needs no download.',
  kind: 'image',
  shape: [3, SIZE, SIZE],
  labels: kinds,
  splits: { train: 20000, validation: 2000, test: 2000 },
  generate: (split) => {
    const scenes = drawScenes(split, (random) => {
      const codes = shapeFactors.values.map(({ length }) => random.int(length));
      // The colours of the ground are moved by a further draw: the other factors are those of the even set.
      if (split.step !== splitNames.indexOf('test')) {
        codes[ground] = random.uniform() < rareShare ? white : random.int(white);
      }
      return codes;
    });
    return { ...scenes, factors: { ...scenes.factors!, rare: { factor: ground, code: white } } };
  },
});

function drawScenes(
  { seed, step, count }: GeneratedSplit,
  draw: (random: RandomSequence) => number[],
): DataSetContents {
  const { names } = shapeFactors;
  const pixels = SIZE * SIZE;
  const items = new Uint8Array(count * 3 * pixels);
  const labels = new Int32Array(count);
  const codes = new Int32Array(count * names.length);
  const captions: string[] = [];
  const cover = new Float32Array(pixels);
  const random = new RandomSequence({ seed, site: sites.shapes });
  for (let i = 0; i < count; i++) {
    random.moveTo({ seed, site: sites.shapes, step, row: i });
    const scene = drawScene(draw(random));
    codes.set(scene.codes, i * names.length);
    labels[i] = scene.codes[0] as number;
    captions.push(captionOf(scene));

    coverage(scene, cover);
    for (let channel = 0; channel < 3; channel++) {
      const front = colours[scene.colour][channel] as number;
      const back = backgrounds[scene.background][channel] as number;
      const plane = (i * 3 + channel) * pixels;
      for (let p = 0; p < pixels; p++) items[plane + p] = Math.round(back + (front - back) * (cover[p] as number));
    }
  }
  return { count, items, labels, factors: { ...shapeFactors, codes }, captions };
}

interface Scene {
  readonly codes: readonly number[];
  readonly kind: (typeof kinds)[number];
  readonly colour: keyof typeof colours;
  readonly size: keyof typeof radii;
  readonly x: number;
  readonly y: number;
  readonly rotation: number;
  readonly background: keyof typeof backgrounds;
}

function drawScene(codes: readonly number[]): Scene {
  const [kind, colour, size, x, y, rotation, background] = codes.map((code, f) => shapeFactors.values[f]?.[code]);
  return { codes, kind, colour, size, x, y, rotation, background } as Scene;
}

function captionOf({ kind, colour, size, x, y, rotation, background }: Scene): string {
  const place = (at: number, before: string, after: string) => (at < 16 ? before : at > 16 ? after : '');
  const where = [place(y, 'top', 'bottom'), place(x, 'left', 'right')].filter((word) => word !== '').join(' ');
  const turned = kind === 'circle' || rotation === 0 ? '' : `, turned by ${rotation} degrees,`;
  return `a ${size} ${colour} ${kind}${turned} ${where ? `at the ${where}` : 'in the middle'} on a ${background} ground`;
}

/** How much of each pixel the shape covers, from the signed distance of the pixel's centre to its outline. */
function coverage({ kind, size, x, y, rotation }: Scene, out: Float32Array): void {
  const radius = radii[size];
  const corners = kind === 'circle' ? [] : outline(kind, radius, (rotation * Math.PI) / 180);
  for (let row = 0; row < SIZE; row++) {
    for (let column = 0; column < SIZE; column++) {
      const px = column + 0.5 - x;
      const py = row + 0.5 - y;
      const fromMiddle = Math.sqrt(px * px + py * py) - radius;
      // The circle through the corners holds the shape: outside of it nothing is covered.
      const distance = kind === 'circle' || fromMiddle > 1 ? fromMiddle : polygonDistance(corners, px, py);
      out[row * SIZE + column] = Math.min(1, Math.max(0, 0.5 - distance));
    }
  }
}

/** Corners around the origin, clockwise from the top (the square stands on a side). */
function outline(kind: 'square' | 'triangle' | 'star', radius: number, turn: number): [number, number][] {
  const count = { square: 4, triangle: 3, star: 10 }[kind];
  const start = kind === 'square' ? Math.PI / 4 : 0;
  return Array.from({ length: count }, (_, k) => {
    const angle = turn + start + (2 * Math.PI * k) / count;
    const r = kind === 'star' && k % 2 === 1 ? 0.45 * radius : radius;
    return [r * Math.sin(angle), -r * Math.cos(angle)];
  });
}

/** Distance to the polygon's outline, negative inside (even–odd rule). */
function polygonDistance(corners: readonly (readonly [number, number])[], px: number, py: number): number {
  let nearest = Infinity;
  let inside = false;
  let [ax, ay] = corners.at(-1) as readonly [number, number];
  for (const [bx, by] of corners) {
    const [ex, ey, wx, wy] = [bx - ax, by - ay, px - ax, py - ay];
    const t = Math.min(1, Math.max(0, (wx * ex + wy * ey) / (ex * ex + ey * ey)));
    nearest = Math.min(nearest, (wx - t * ex) ** 2 + (wy - t * ey) ** 2);
    if (ay > py !== by > py && px < ax + (ex * (py - ay)) / ey) inside = !inside;
    [ax, ay] = [bx, by];
  }
  return inside ? -Math.sqrt(nearest) : Math.sqrt(nearest);
}
