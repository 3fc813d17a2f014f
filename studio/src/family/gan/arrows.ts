/** Arrows over a plane: where points are pushed. */
import type { Plane } from '../../pictures/plane.js';

export interface Arrows {
  /** [n, 2] each. */
  readonly points: ArrayLike<number>;
  readonly directions: ArrayLike<number>;
}

/** Pixels of the arrow that nine of ten are shorter than, and the longest that is drawn. */
const [usual, longest] = [30, 60];

/** How many pixels stand for a direction of length 1. */
export function arrowScale(directions: ArrayLike<number>): number {
  const lengths = Array.from({ length: directions.length / 2 }, (_, i) =>
    Math.hypot(directions[2 * i]!, directions[2 * i + 1]!),
  ).sort((a, b) => a - b);
  const high = lengths[Math.floor(0.9 * (lengths.length - 1))] ?? 0;
  return high > 0 ? usual / high : 0;
}

export function drawArrows(
  context: CanvasRenderingContext2D,
  plane: Plane,
  { points, directions }: Arrows,
  colour: string,
): void {
  const scale = arrowScale(directions);
  context.strokeStyle = colour;
  context.lineWidth = 1.4;
  context.beginPath();
  for (let i = 0; i < points.length / 2; i++) {
    const [dx, dy] = [scale * directions[2 * i]!, -scale * directions[2 * i + 1]!]; // up is less on a canvas
    const length = Math.hypot(dx, dy);
    if (!(length > 1)) continue;
    const part = Math.min(1, longest / length);
    const [x, y] = [plane.x(points[2 * i]!), plane.y(points[2 * i + 1]!)];
    const [toX, toY] = [x + part * dx, y + part * dy];
    const head = Math.min(5, (part * length) / 2);
    const angle = Math.atan2(dy, dx);
    context.moveTo(x, y);
    context.lineTo(toX, toY);
    for (const side of [-1, 1]) {
      context.moveTo(toX, toY);
      context.lineTo(toX - head * Math.cos(angle + side * 0.5), toY - head * Math.sin(angle + side * 0.5));
    }
  }
  context.stroke();
}
