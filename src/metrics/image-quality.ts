/** How alike two images are, pixel by pixel and by structure. Values in 0…1. */
import { ShapeError } from '../core/errors.js';
import { formatShape, sameShape } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';

/** Mean squared error over all values. */
export function meanSquaredError(a: HostTensor, b: HostTensor): number {
  checkSame('mean squared error', a, b);
  let total = 0;
  for (let i = 0; i < a.data.length; i++) total += (Number(a.data[i]) - Number(b.data[i])) ** 2;
  return total / a.data.length;
}

/** Peak signal-to-noise ratio, 10 log₁₀(1/MSE), in decibels; infinite for equal images. */
export function psnr(a: HostTensor, b: HostTensor): number {
  return -10 * Math.log10(meanSquaredError(a, b));
}

/** Side and standard deviation of the window, and the constants for a range of 1 (Wang et al. 2004, §III). */
const window = 11;
const sigma = 1.5;
const [c1, c2] = [0.01 ** 2, 0.03 ** 2];

const weights = (() => {
  const raw = Array.from({ length: window }, (_, i) => Math.exp(-((i - (window - 1) / 2) ** 2) / (2 * sigma ** 2)));
  const sum = raw.reduce((a, b) => a + b, 0);
  return Float64Array.from(raw, (w) => w / sum);
})();

/**
 * Structural similarity, at most 1 and 1 for equal images (Wang et al. 2004, eq. 13): means, variances and covariance
 * under an 11×11 normal window, at every place where the window fits, averaged over places, channels and images.
 *
 *   SSIM = (2 μₓμᵧ + c₁)(2 σₓᵧ + c₂) / ((μₓ² + μᵧ² + c₁)(σₓ² + σᵧ² + c₂)),   c₁ = 0.01², c₂ = 0.03²
 *
 * @param a images [N, C, H, W], H and W ≥ 11
 */
export function ssim(a: HostTensor, b: HostTensor): number {
  checkSame('SSIM', a, b);
  const [N, C, H, W] = a.shape as [number, number, number, number];
  if (a.shape.length !== 4 || H < window || W < window) {
    throw new ShapeError({
      operation: 'SSIM',
      expected: `images [N, C, H, W] of at least ${window}×${window}`,
      got: formatShape(a.shape),
    });
  }
  const size = H * W;
  let total = 0;
  for (let plane = 0; plane < N * C; plane++) {
    const x = Float64Array.from(a.data.subarray(plane * size, (plane + 1) * size) as Float32Array);
    const y = Float64Array.from(b.data.subarray(plane * size, (plane + 1) * size) as Float32Array);
    const [mx, my] = [smooth(x, H, W), smooth(y, H, W)];
    const [xx, yy, xy] = [x.map((v) => v * v), y.map((v) => v * v), x.map((v, i) => v * y[i]!)].map((v) =>
      smooth(v, H, W),
    ) as [Float64Array, Float64Array, Float64Array];
    let sum = 0;
    for (let i = 0; i < mx.length; i++) {
      const [u, v] = [mx[i]!, my[i]!];
      const covariance = xy[i]! - u * v;
      const variances = xx[i]! - u * u + yy[i]! - v * v;
      sum += ((2 * u * v + c1) * (2 * covariance + c2)) / ((u * u + v * v + c1) * (variances + c2));
    }
    total += sum / mx.length;
  }
  return total / (N * C);
}

/** Window means where the window fits: [H, W] → [H − 10, W − 10], along rows, then along columns. */
function smooth(image: Float64Array, H: number, W: number): Float64Array {
  const [h, w] = [H - window + 1, W - window + 1];
  const rows = new Float64Array(H * w);
  for (let y = 0; y < H; y++) {
    for (let x = 0; x < w; x++) {
      let sum = 0;
      for (let k = 0; k < window; k++) sum += weights[k]! * image[y * W + x + k]!;
      rows[y * w + x] = sum;
    }
  }
  const out = new Float64Array(h * w);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      let sum = 0;
      for (let k = 0; k < window; k++) sum += weights[k]! * rows[(y + k) * w + x]!;
      out[y * w + x] = sum;
    }
  }
  return out;
}

function checkSame(operation: string, a: HostTensor, b: HostTensor): void {
  if (sameShape(a.shape, b.shape)) return;
  throw new ShapeError({
    operation,
    expected: `two tensors of one shape, ${formatShape(a.shape)}`,
    got: formatShape(b.shape),
  });
}
