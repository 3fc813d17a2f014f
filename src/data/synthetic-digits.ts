/**
 * Handwriting-like digits, 28×28 grey with labels, drawn by a seeded generator: for experiments that need no download.
 *
 * An item is drawn in these steps: choose a digit and one of its written forms (`digit-strokes.ts`); move each point a
 * little; bend the whole by slow waves; change proportions, slant it, turn it; run a spline through the points; let the
 * pen's width vary along the way; scale to a box of about 20 pixels and centre by mass, as MNIST does; draw with soft
 * edges. Item i depends on (seed, split, i) alone. (`Math.sin`, `cos` and `exp` may differ in the last bit between
 * JavaScript engines, and with them, rarely, a grey value by one.)
 */

import { RandomSequence } from '../random/sequence.js';
import { type DataSetContents, type DataSetRecord, defineGeneratedDataSet, type GeneratedSplit } from './data-set.js';
import { digitVariants, type Stroke, type Variant } from './digit-strokes.js';
import { sites } from './sites.js';
import { appendSpline, createPath, type Path } from './spline.js';
import { distanceField, shade } from './stroke-raster.js';

const SIZE = 28;
const SAMPLES_PER_SEGMENT = 6;
const MOST_POINTS = 512;

export const syntheticDigits: DataSetRecord = defineGeneratedDataSet({
  id: 'synthetic-digits',
  title: 'Synthetic digits',
  summary: 'Digits in the manner of handwriting, 28×28 grey, drawn by a seeded generator. Needs no download.',
  kind: 'image',
  shape: [1, SIZE, SIZE],
  labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  splits: { train: 20000, validation: 2000, test: 2000 },
  generate: drawDigits,
});

function drawDigits({ seed, step, count }: GeneratedSplit): DataSetContents {
  const items = new Uint8Array(count * SIZE * SIZE);
  const labels = new Int32Array(count);
  const random = new RandomSequence({ seed, site: sites['synthetic-digits'] });
  const path = createPath(MOST_POINTS);
  const field = new Float32Array(SIZE * SIZE);
  for (let i = 0; i < count; i++) {
    random.moveTo({ seed, site: sites['synthetic-digits'], step, row: i });
    const digit = random.int(10);
    labels[i] = digit;
    write(chooseVariant(digitVariants[digit] as readonly Variant[], random), path, random);
    fitToBox(path, random);
    distanceField(path, field, SIZE);
    shade(field, random.uniform(1, 1.5), items, i * SIZE * SIZE);
  }
  return { count, items, labels };
}

function chooseVariant(variants: readonly Variant[], random: RandomSequence): Variant {
  let rest = random.uniform();
  for (const variant of variants) {
    if (rest < variant.share) return variant;
    rest -= variant.share;
  }
  return variants.at(-1) as Variant; // the shares' sum rounded below 1
}

/** The digit's strokes in its own units (height about 1) as one hand writes them, pen width included. */
function write({ strokes }: Variant, path: Path, random: RandomSequence): void {
  const place = handwriting(random);
  const wobble = random.uniform(0.012, 0.042);
  const rounded = random.uniform() < 0.15; // some hands do not stop at corners
  const px = new Float64Array(16);
  const py = new Float64Array(16);
  path.length = 0;
  for (const stroke of strokes) {
    stroke.forEach(({ x, y }, k) => {
      // Where a stroke begins and ends is least certain: loops stay open or overlap.
      const spread = k === 0 || k === stroke.length - 1 ? 1.6 * wobble : wobble;
      const [u, v] = place(x + random.normal(0, spread), y + random.normal(0, spread));
      px[k] = u;
      py[k] = v;
    });
    const begin = path.length;
    appendStroke(path, stroke, px, py, rounded);
    path.starts[begin] = 1;
  }
  penWidth(path, random);
  tremble(path, random);
}

/** One spline for each run between corners. */
function appendStroke(path: Path, stroke: Stroke, px: Float64Array, py: Float64Array, rounded: boolean): void {
  let first = 0;
  for (let k = 1; k < stroke.length; k++) {
    if (k < stroke.length - 1 && (rounded || !stroke[k]?.corner)) continue;
    appendSpline(path, px, py, first, k + 1, SAMPLES_PER_SEGMENT);
    first = k;
  }
}

/** A writer's way of placing a point: proportions, slow waves, slant and turn, fixed for one item. */
function handwriting(random: RandomSequence): (x: number, y: number) => readonly [number, number] {
  const width = Math.exp(random.normal(0.14, 0.2));
  const waist = random.normal(0, 0.16); // moves the middle up or down: one bowl higher than the other
  const widening = random.normal(0, 0.22); // top or bottom wider
  const slant = random.normal(0.14, 0.22);
  const turn = random.normal(0, 0.09);
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  const wave = (amplitude: number, frequency: number) => {
    const a = random.normal(0, amplitude);
    const [fx, fy] = [random.uniform(-frequency, frequency), random.uniform(-frequency, frequency)];
    const phase = random.uniform(0, 2 * Math.PI);
    return (x: number, y: number) => a * Math.sin(fx * x + fy * y + phase);
  };
  const [slowX, slowY, fastX, fastY] = [wave(0.04, 4), wave(0.04, 4), wave(0.014, 10), wave(0.014, 10)];
  return (x0, y0) => {
    const x = (x0 - 0.3) * width * (1 + widening * (y0 - 0.5)) + slowX(x0, y0) + fastX(x0, y0);
    const y = y0 - 0.5 + waist * y0 * (1 - y0) + slowY(x0, y0) + fastY(x0, y0);
    const slanted = x - slant * y;
    return [cos * slanted - sin * y, sin * slanted + cos * y];
  };
}

/** Half-widths along the path, relative to a pen of 1: slow pressure changes, and strokes that begin or end thin. */
function penWidth(path: Path, random: RandomSequence): void {
  const pressure = random.uniform(0.03, 0.16);
  const frequency = random.uniform(0.06, 0.22);
  const phase = random.uniform(0, 2 * Math.PI);
  const thinStart = random.uniform(0.7, 1.05);
  const thinEnd = random.uniform(0.5, 1.05);
  for (let i = 0; i < path.length; i++) path.radius[i] = 1 + pressure * Math.sin(frequency * i + phase);
  const taper = 5;
  for (let start = 0; start < path.length; ) {
    let end = start + 1;
    while (end < path.length && path.starts[end] === 0) end++;
    for (let k = 0; k < taper && start + k < end; k++) {
      const t = k / taper;
      path.radius[start + k] = (path.radius[start + k] as number) * (thinStart + (1 - thinStart) * t);
      path.radius[end - 1 - k] = (path.radius[end - 1 - k] as number) * (thinEnd + (1 - thinEnd) * t);
    }
    start = end;
  }
}

/** Small irregular movements of the hand and unevenness of the ink: correlated noise along the path. */
function tremble(path: Path, random: RandomSequence): void {
  const [shake, unevenness] = [random.uniform(0.001, 0.007), random.uniform(0.01, 0.06)];
  const keep = 0.6; // correlation of neighbouring points
  let [dx, dy, dr] = [0, 0, 0];
  for (let i = 0; i < path.length; i++) {
    dx = keep * dx + random.normal(0, shake);
    dy = keep * dy + random.normal(0, shake);
    dr = keep * dr + random.normal(0, unevenness);
    path.x[i] = (path.x[i] as number) + dx;
    path.y[i] = (path.y[i] as number) + dy;
    path.radius[i] = (path.radius[i] as number) * Math.max(0.6, 1 + dr);
  }
}

/** Scales the ink to a box of about 20 pixels and moves its centre of mass to the middle of the image. */
function fitToBox(path: Path, random: RandomSequence): void {
  const { x, y, radius, starts } = path;
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < path.length; i++) {
    left = Math.min(left, x[i] as number);
    right = Math.max(right, x[i] as number);
    top = Math.min(top, y[i] as number);
    bottom = Math.max(bottom, y[i] as number);
  }
  const pen = Math.min(2.4, Math.max(0.75, 1.24 * Math.exp(random.normal(0, 0.24)))); // pixels from the line's middle
  const box = random.normal(19.6, 0.5) - 2 * pen;
  const scale = box / Math.max(right - left, bottom - top);

  // Centre of mass of the strokes: each piece weighs its length times its width.
  let [mass, mx, my] = [0, 0, 0];
  for (let i = 1; i < path.length; i++) {
    if (starts[i] === 1) continue;
    const dx = (x[i] as number) - (x[i - 1] as number);
    const dy = (y[i] as number) - (y[i - 1] as number);
    const weight = Math.sqrt(dx * dx + dy * dy) * ((radius[i] as number) + (radius[i - 1] as number));
    mass += weight;
    mx += weight * ((x[i] as number) + (x[i - 1] as number)) * 0.5;
    my += weight * ((y[i] as number) + (y[i - 1] as number)) * 0.5;
  }
  // MNIST moves by whole pixels, so its centres lie up to half a pixel off. No ink comes within a pixel of the edge.
  const place = (centre: number, low: number, high: number) => {
    const wanted = SIZE / 2 + random.uniform(-0.5, 0.5) - centre * scale;
    const margin = 1 + pen * 1.2;
    return Math.min(Math.max(wanted, margin - low * scale), SIZE - margin - high * scale);
  };
  const shiftX = place(mx / mass, left, right);
  const shiftY = place(my / mass, top, bottom);
  for (let i = 0; i < path.length; i++) {
    x[i] = (x[i] as number) * scale + shiftX;
    y[i] = (y[i] as number) * scale + shiftY;
    radius[i] = (radius[i] as number) * pen;
  }
}
