/**
 * Box–Muller: two independent standard normals from two uniform words.
 *
 *   u = (w₀ + 1) / 2^32 in (0, 1],  θ = 2π w₁ / 2^32,  (z₀, z₁) = √(−2 ln u) · (cos θ, sin θ),  |z| ≤ 6.67
 *
 * Logarithm, sine and cosine are series here, not `Math.*`: ECMAScript lets engines differ in the last bits of those,
 * while +, −, ×, ÷ and √ are exact everywhere, so every engine makes the same noise. They are also faster (the angle
 * comes as a fraction of a turn, the logarithm's argument as an integer). Absolute error below 1e-14.
 *
 * Source: Box and Muller, "A note on the generation of random normal deviates", 1958.
 */

const HALF_PI = Math.PI / 2;

/** Writes the two normals of words `w0`, `w1` (uint32) to `out[at]` and `out[at + 1]`. */
export function boxMuller(w0: number, w1: number, out: Float64Array | Float32Array, at = 0): void {
  const radius = Math.sqrt(-2 * logOfFraction(w0));

  // A turn is 2^32; `quarter` is the nearest multiple of a quarter turn, `angle` the rest in [−π/4, π/4).
  const quarter = ((w1 >>> 29) + 1) >> 1;
  const angle = (w1 - quarter * 2 ** 30) * (HALF_PI * 2 ** -30);
  const s = sinNearZero(angle);
  const c = cosNearZero(angle);
  const odd = (quarter & 1) === 1;
  const cosine = odd ? s : c;
  const sine = odd ? c : s;
  out[at] = radius * (quarter === 1 || quarter === 2 ? -cosine : cosine);
  out[at + 1] = radius * (quarter === 2 || quarter === 3 ? -sine : sine);
}

/**
 * ln((w + 1) / 2^32): with w + 1 = 2^e · m and m in [√½, √2), ln = (e − 32) ln 2 + 2 artanh(s), s = (m − 1)/(m + 1).
 */
function logOfFraction(w: number): number {
  const x = w + 1;
  let exponent = x === 2 ** 32 ? 32 : 31 - Math.clz32(x);
  let m = x / POWERS_OF_TWO[exponent]!;
  if (m > Math.SQRT2) {
    m *= 0.5;
    exponent++;
  }
  const s = (m - 1) / (m + 1); // |s| ≤ 0.172
  const q = s * s;
  // artanh(s) = s + s³/3 + s⁵/5 + …; the first term left out is below 1e-15.
  const series =
    1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11 + q * (1 / 13 + q * (1 / 15 + q / 17)))))));
  return (exponent - 32) * Math.LN2 + 2 * s * series;
}

const POWERS_OF_TWO = Float64Array.from({ length: 33 }, (_, i) => 2 ** i);

/** Taylor series to x¹⁵: error below 1e-16 for |x| ≤ π/4. */
function sinNearZero(x: number): number {
  const q = x * x;
  return x * (1 + q * (S3 + q * (S5 + q * (S7 + q * (S9 + q * (S11 + q * (S13 + q * S15)))))));
}

/** Taylor series to x¹⁶: error below 1e-17 for |x| ≤ π/4. */
function cosNearZero(x: number): number {
  const q = x * x;
  return 1 + q * (C2 + q * (C4 + q * (C6 + q * (C8 + q * (C10 + q * (C12 + q * (C14 + q * C16)))))));
}

// ±1/n! with the signs of the series.
const S3 = -1 / 6;
const S5 = 1 / 120;
const S7 = -1 / 5040;
const S9 = 1 / 362880;
const S11 = -1 / 39916800;
const S13 = 1 / 6227020800;
const S15 = -1 / 1307674368000;
const C2 = -1 / 2;
const C4 = 1 / 24;
const C6 = -1 / 720;
const C8 = 1 / 40320;
const C10 = -1 / 3628800;
const C12 = 1 / 479001600;
const C14 = -1 / 87178291200;
const C16 = 1 / 20922789888000;
