/** Plots of points in the plane. */
import { ShapeError } from '../core/errors.js';
import { formatShape } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';
import { Canvas, type Color, numberWidth } from './canvas.js';

export interface PointSeries {
  /** float32 [N, 2] */
  readonly points: HostTensor;
  /** Default: blue. */
  readonly color?: Color;
}

/** Pixels of the margin that holds the numbers. */
const margin = 48;
const [paper, frame, ink, blue]: readonly Color[] = [
  [255, 255, 255],
  [200, 204, 212],
  [90, 96, 108],
  [36, 92, 190],
] as const;

export interface PlotOptions {
  /** Pixels of the plot's side, without the margin; default 512. */
  readonly side?: number;
  /** What the frame goes around; default: the series. */
  readonly around?: readonly PointSeries[];
}

/**
 * Draws the series one over the other, with equal units on both axes and a frame around all finite points.
 * @throws ShapeError for points that do not lie in the plane
 */
export function plotPoints(series: readonly PointSeries[], { side = 512, around = series }: PlotOptions = {}): Canvas {
  for (const { points } of series) {
    if (points.shape.length === 2 && points.shape[1] === 2) continue;
    const got = formatShape(points.shape);
    throw new ShapeError({ operation: 'plot', expected: 'points [N, 2]', got, remedy: 'Write them as .npy instead.' });
  }
  const { low, span } = rangeOf(around);
  const step = tickStep(span);
  const canvas = new Canvas(side + 2 * margin, side + 2 * margin, paper!);
  // Data to pixels; the second axis points up.
  const px = (x: number): number => margin + ((x - low[0]) / span) * side;
  const py = (y: number): number => margin + side - ((y - low[1]) / span) * side;

  for (const [axis, start] of low.entries()) {
    for (let k = Math.ceil(start / step); k * step <= start + span; k++) {
      const label = String(Number((k * step).toPrecision(6)));
      if (axis === 0) {
        const x = Math.round(px(k * step));
        canvas.fill(x, margin, 1, side, frame!);
        canvas.number(label, x - Math.round(numberWidth(label) / 2), margin + side + 10, ink!);
      } else {
        const y = Math.round(py(k * step));
        canvas.fill(margin, y, side, 1, frame!);
        canvas.number(label, margin - 8 - numberWidth(label), y - 5, ink!);
      }
    }
  }
  for (const { points, color = blue! } of series) {
    const opacity = Math.min(0.9, Math.max(0.15, 14 / Math.sqrt(points.shape[0]!)));
    for (const [x, y] of finite(points)) canvas.disc(px(x), py(y), 2, color, opacity);
  }
  return canvas;
}

function* finite({ data, shape }: HostTensor): Generator<readonly [x: number, y: number]> {
  for (let i = 0; i < shape[0]!; i++) {
    const [x, y] = [data[2 * i] as number, data[2 * i + 1] as number];
    if (Number.isFinite(x) && Number.isFinite(y)) yield [x, y];
  }
}

/** A square around the points, a little wider than they are. */
function rangeOf(series: readonly PointSeries[]): { low: [number, number]; span: number } {
  const least = [Infinity, Infinity];
  const most = [-Infinity, -Infinity];
  for (const { points } of series) {
    for (const point of finite(points)) {
      point.forEach((value, axis) => {
        least[axis] = Math.min(least[axis]!, value);
        most[axis] = Math.max(most[axis]!, value);
      });
    }
  }
  const middle = least.map((value, i) => (Number.isFinite(value) ? (value + most[i]!) / 2 : 0));
  const widest = Math.max(...least.map((value, i) => most[i]! - value));
  const span = (widest > 0 && Number.isFinite(widest) ? widest : 1) * 1.1;
  return { low: [middle[0]! - span / 2, middle[1]! - span / 2], span };
}

/** 1, 2 or 5 times a power of ten, such that four to nine of them fit. */
function tickStep(span: number): number {
  const power = 10 ** Math.floor(Math.log10(span / 4));
  return [5, 2, 1].map((factor) => factor * power).find((step) => span / step >= 4) ?? power;
}
