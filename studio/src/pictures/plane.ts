/** Points and heat on a plane with axes. */
import { scaleLinear } from 'd3-scale';
import { viridis } from './colour.js';

export interface Extent {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

export interface Plane {
  x(value: number): number;
  y(value: number): number;
  /** From the canvas back to values. */
  at(px: number, py: number): readonly [number, number];
}

const margin = { left: 34, right: 8, top: 8, bottom: 24 };

/** The extent of points [n, D] in two of their coordinates, a little enlarged, equal on both axes. */
export function extentOf(
  sets: readonly { data: ArrayLike<number>; width: number }[],
  axes: readonly [number, number] = [0, 1],
): Extent {
  let [low, high] = [Infinity, -Infinity];
  for (const { data, width } of sets) {
    for (let i = 0; i < data.length; i += width) {
      for (const axis of axes) {
        const value = data[i + axis]!;
        if (!Number.isFinite(value)) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
  }
  if (low > high) [low, high] = [-1, 1];
  const slack = 0.06 * (high - low || 1);
  return { x: [low - slack, high + slack], y: [low - slack, high + slack] };
}

export interface PlaneStyle {
  readonly ink: string;
  readonly rule: string;
  readonly font: string;
}

/** Axes with ticks and a fine grid. */
export function drawPlane(
  context: CanvasRenderingContext2D,
  { width, height }: { width: number; height: number },
  extent: Extent,
  style: PlaneStyle,
  labels: { x?: string; y?: string } = {},
): Plane {
  const y = scaleLinear(extent.y, [height - margin.bottom, margin.top]);
  context.font = `11px ${style.font}`;
  const rows = y.ticks(5).map((tick) => ({ tick, text: y.tickFormat(5)(tick) }));
  const widest = Math.max(...rows.map(({ text }) => context.measureText(text).width));
  const left = Math.max(margin.left, Math.ceil(widest) + 8);
  const x = scaleLinear(extent.x, [left, width - margin.right]);
  context.lineWidth = 1;
  context.strokeStyle = style.rule;
  context.fillStyle = style.ink;
  context.textBaseline = 'middle';
  context.beginPath();
  for (const { tick, text } of rows) {
    const py = Math.round(y(tick)) + 0.5;
    context.moveTo(left, py);
    context.lineTo(width - margin.right, py);
    context.textAlign = 'right';
    context.fillText(text, left - 6, py);
  }
  context.textBaseline = 'top';
  for (const tick of x.ticks(6)) {
    const px = Math.round(x(tick)) + 0.5;
    context.moveTo(px, margin.top);
    context.lineTo(px, height - margin.bottom);
    context.textAlign = 'center';
    context.fillText(x.tickFormat(6)(tick), px, height - margin.bottom + 6);
  }
  context.stroke();
  if (labels.x !== undefined) {
    context.textAlign = 'right';
    context.textBaseline = 'bottom';
    context.fillText(labels.x, width - margin.right - 4, height - margin.bottom - 4);
  }
  if (labels.y !== undefined) {
    context.textAlign = 'left';
    context.textBaseline = 'top';
    context.fillText(labels.y, left + 4, margin.top + 2);
  }
  return { x: (v) => x(v), y: (v) => y(v), at: (px, py) => [x.invert(px), y.invert(py)] };
}

/** Values [steps²], row by row from the upper left corner, as colours under the points. */
export function drawHeat(
  context: CanvasRenderingContext2D,
  plane: Plane,
  extent: Extent,
  values: ArrayLike<number>,
  steps: number,
  { map = viridis, range, alpha = 1 }: { map?: Uint8Array; range: readonly [number, number]; alpha?: number },
): void {
  const pixels = new ImageData(steps, steps);
  for (let i = 0; i < steps * steps; i++) {
    const part = (values[i]! - range[0]) / (range[1] - range[0] || 1);
    const at = 3 * Math.round(255 * Math.min(1, Math.max(0, part)));
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = map[at + c]!;
    pixels.data[4 * i + 3] = Math.round(255 * alpha);
  }
  const scratch = document.createElement('canvas');
  scratch.width = scratch.height = steps;
  scratch.getContext('2d')!.putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = true;
  const [left, top] = [plane.x(extent.x[0]), plane.y(extent.y[1])];
  context.drawImage(scratch, left, top, plane.x(extent.x[1]) - left, plane.y(extent.y[0]) - top);
}

/** Points [n, width] in two of their coordinates. */
export function drawPoints(
  context: CanvasRenderingContext2D,
  plane: Plane,
  points: { readonly data: ArrayLike<number>; readonly width: number },
  {
    colour,
    radius = 2,
    axes = [0, 1],
  }: { colour: string | ((i: number) => string); radius?: number; axes?: readonly [number, number] },
): void {
  const n = points.data.length / points.width;
  for (let i = 0; i < n; i++) {
    context.fillStyle = typeof colour === 'string' ? colour : colour(i);
    const x = plane.x(points.data[i * points.width + axes[0]]!);
    const y = plane.y(points.data[i * points.width + axes[1]]!);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  }
}

/** The middles of steps² cells over an extent, row by row from the upper left: [steps², 2]. */
export function cellsOf(extent: Extent, steps: number): Float32Array {
  const out = new Float32Array(2 * steps * steps);
  for (let i = 0; i < steps; i++) {
    for (let j = 0; j < steps; j++) {
      out[2 * (i * steps + j)] = extent.x[0] + ((j + 0.5) / steps) * (extent.x[1] - extent.x[0]);
      out[2 * (i * steps + j) + 1] = extent.y[1] - ((i + 0.5) / steps) * (extent.y[1] - extent.y[0]);
    }
  }
  return out;
}
