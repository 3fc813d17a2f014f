/** Draws pen strokes: the distance of each pixel to the line gives its grey, so edges are soft. */

import type { Path } from './spline.js';

/** Lowers `field` [size, size] to the signed distance from each pixel's centre to the path's ink, in pixels. */
export function distanceField(path: Path, field: Float32Array, size: number): void {
  const { x, y, radius, starts } = path;
  field.fill(size);
  for (let i = 1; i < path.length; i++) {
    if (starts[i] === 1) continue;
    const x0 = x[i - 1] as number;
    const y0 = y[i - 1] as number;
    const r0 = radius[i - 1] as number;
    const dx = (x[i] as number) - x0;
    const dy = (y[i] as number) - y0;
    const dr = (radius[i] as number) - r0;
    const inverse = 1 / (dx * dx + dy * dy + 1e-12);
    // Beyond one and a half pixels from the ink every pixel is blank.
    const reach = Math.max(r0, r0 + dr) + 1.5;
    const left = Math.max(0, Math.ceil(Math.min(x0, x0 + dx) - reach - 0.5));
    const right = Math.min(size - 1, Math.floor(Math.max(x0, x0 + dx) + reach - 0.5));
    const top = Math.max(0, Math.ceil(Math.min(y0, y0 + dy) - reach - 0.5));
    const bottom = Math.min(size - 1, Math.floor(Math.max(y0, y0 + dy) + reach - 0.5));
    for (let row = top; row <= bottom; row++) {
      const qy = row + 0.5 - y0;
      for (let column = left; column <= right; column++) {
        const qx = column + 0.5 - x0;
        // Nearest point of the segment: p0 + t (p1 − p0).
        let t = (qx * dx + qy * dy) * inverse;
        t = t < 0 ? 0 : t > 1 ? 1 : t;
        const ex = qx - t * dx;
        const ey = qy - t * dy;
        const distance = Math.sqrt(ex * ex + ey * ey) - (r0 + t * dr);
        const at = row * size + column;
        if (distance < (field[at] as number)) field[at] = distance;
      }
    }
  }
}

/**
 * Grey from distance: full inside, blank outside, a smooth step of the given width between.
 *
 * @param out bytes [size · size], written from `at`
 */
export function shade(field: Float32Array, softness: number, out: Uint8Array, at: number): void {
  for (let i = 0; i < field.length; i++) {
    const t = 0.5 - (field[i] as number) / softness;
    const clamped = t < 0 ? 0 : t > 1 ? 1 : t;
    out[at + i] = Math.round(255 * clamped * clamped * (3 - 2 * clamped));
  }
}
