/** Pen strokes as polylines: splines through points, sampled densely enough for the raster. */

/** A polyline: parallel arrays of which the first `length` entries count; `breaks` marks the first point of a stroke. */
export interface Path {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Half the pen's width at each point. */
  readonly radius: Float64Array;
  /** 1 where a new stroke begins: no line leads to this point. */
  readonly starts: Uint8Array;
  length: number;
}

export function createPath(capacity: number): Path {
  return {
    x: new Float64Array(capacity),
    y: new Float64Array(capacity),
    radius: new Float64Array(capacity),
    starts: new Uint8Array(capacity),
    length: 0,
  };
}

/**
 * Appends the centripetal Catmull–Rom spline through points first … last − 1 of (px, py), without the last point's
 * repetition: a curve that passes through every point with a continuous direction and makes no cusps or loops between
 * close ones. Knots: t_{i+1} = t_i + |p_{i+1} − p_i|^½; the two end points are mirrored to give the outer tangents.
 *
 * Source: Yuksel, Schaefer, Keyser, "On the parameterization of Catmull–Rom curves", 2009.
 *
 * @param perSegment points sampled between two neighbours
 */
export function appendSpline(
  path: Path,
  px: Float64Array,
  py: Float64Array,
  first: number,
  last: number,
  perSegment: number,
): void {
  const end = last - 1;
  for (let i = first; i < end; i++) {
    const x1 = px[i] as number;
    const y1 = py[i] as number;
    const x2 = px[i + 1] as number;
    const y2 = py[i + 1] as number;
    const x0 = i > first ? (px[i - 1] as number) : 2 * x1 - x2;
    const y0 = i > first ? (py[i - 1] as number) : 2 * y1 - y2;
    const x3 = i + 2 < last ? (px[i + 2] as number) : 2 * x2 - x1;
    const y3 = i + 2 < last ? (py[i + 2] as number) : 2 * y2 - y1;
    // Knot intervals, kept off zero for points that fall together.
    const d0 = Math.sqrt(Math.hypot(x1 - x0, y1 - y0)) + 1e-6;
    const d1 = Math.sqrt(Math.hypot(x2 - x1, y2 - y1)) + 1e-6;
    const d2 = Math.sqrt(Math.hypot(x3 - x2, y3 - y2)) + 1e-6;
    // Tangents at p1 and p2, scaled to the unit interval: the cubic is then the Hermite one.
    const mx1 = x2 - x1 + d1 * ((x1 - x0) / d0 - (x2 - x0) / (d0 + d1));
    const my1 = y2 - y1 + d1 * ((y1 - y0) / d0 - (y2 - y0) / (d0 + d1));
    const mx2 = x2 - x1 + d1 * ((x3 - x2) / d2 - (x3 - x1) / (d1 + d2));
    const my2 = y2 - y1 + d1 * ((y3 - y2) / d2 - (y3 - y1) / (d1 + d2));
    for (let k = i === first ? 0 : 1; k <= perSegment; k++) {
      const t = k / perSegment;
      const s = 1 - t;
      const h1 = s * s * (1 + 2 * t);
      const h2 = t * t * (1 + 2 * s);
      const g1 = s * s * t;
      const g2 = -t * t * s;
      const at = path.length++;
      path.x[at] = h1 * x1 + h2 * x2 + g1 * mx1 + g2 * mx2;
      path.y[at] = h1 * y1 + h2 * y2 + g1 * my1 + g2 * my2;
      path.starts[at] = 0;
    }
  }
}
