/**
 * First values of variables. An initializer is a function of a shape and of a place in the random generator's space; it
 * draws on the host, in float64, and the same place gives the same values on every machine.
 *
 * For the fans: a weight [out, in, …kernel] has fanIn = in·|kernel| and fanOut = out·|kernel|.
 */
import { ShapeError, UsageError } from '../core/errors.js';
import { at, formatShape, type Shape, sizeOf } from '../core/shape.js';
import { fillNormal, fillUniform, type Stream } from '../random/distributions.js';
import { RandomSequence } from '../random/sequence.js';

export type Initializer = (shape: Shape, stream: Stream) => Float32Array;

/** All values alike. */
export function constant(value: number): Initializer {
  return (shape) => new Float32Array(sizeOf(shape)).fill(value);
}

export const zeros: Initializer = constant(0);
export const ones: Initializer = constant(1);

/** N(mean, std²) */
export function normal({ mean = 0, std = 1 }: { mean?: number; std?: number } = {}): Initializer {
  return (shape, stream) => {
    const out = new Float32Array(sizeOf(shape));
    fillNormal(out, stream);
    for (let i = 0; i < out.length; i++) out[i] = mean + std * (out[i] as number);
    return out;
  };
}

/** U(low, high) */
export function uniform({ low = 0, high = 1 }: { low?: number; high?: number } = {}): Initializer {
  return (shape, stream) => {
    const out = new Float32Array(sizeOf(shape));
    fillUniform(out, stream);
    for (let i = 0; i < out.length; i++) out[i] = low + (high - low) * (out[i] as number);
    return out;
  };
}

/**
 * N(mean, std²) conditioned on low ≤ x ≤ high; the bounds are values, not numbers of deviations. Rejection from the
 * uniform distribution: x is kept with probability φ(x)/max φ.
 * @throws UsageError unless low < high, both finite, and std > 0
 */
export function truncatedNormal({ mean = 0, std = 1, low = -2, high = 2 } = {}): Initializer {
  if (!(low < high && Number.isFinite(high - low) && std > 0)) {
    throw new UsageError({
      operation: 'truncatedNormal',
      expected: 'finite bounds low < high, and std > 0',
      got: `low ${low}, high ${high}, std ${std}`,
    });
  }
  const mode = Math.min(Math.max(mean, low), high);
  const exponent = (x: number): number => -0.5 * ((x - mean) / std) ** 2;
  return (shape, { seed, site }) => {
    const random = new RandomSequence({ seed, site });
    const draw = (): number => {
      for (;;) {
        const x = random.uniform(low, high);
        if (random.uniform() < Math.exp(exponent(x) - exponent(mode))) return x;
      }
    };
    return Float32Array.from({ length: sizeOf(shape) }, draw);
  };
}

/** Fans of a weight. @throws ShapeError for fewer than two axes */
function fansOf(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2) {
    throw new ShapeError({ operation: 'fans', expected: 'a weight of at least two axes', got: formatShape(shape) });
  }
  const kernel = sizeOf(shape.slice(2));
  return { fanIn: at(shape, 1) * kernel, fanOut: at(shape, 0) * kernel };
}

export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu';

/**
 * The factor by which a nonlinearity shrinks the deviation of its input: 1, tanh 5/3, relu √2, leaky relu
 * √(2/(1 + a²)), selu 3/4.
 * @param a negative slope of leakyRelu
 */
export function gain(nonlinearity: Nonlinearity, a = 0.01): number {
  switch (nonlinearity) {
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + a * a));
    case 'selu':
      return 3 / 4;
    default:
      return 1;
  }
}

/** U(−b, b), b = gain·√(6/(fanIn + fanOut)) (Glorot & Bengio 2010, eq. 16) */
export function xavierUniform({ gain: factor = 1 } = {}): Initializer {
  return (shape, stream) => {
    const { fanIn, fanOut } = fansOf(shape);
    const bound = factor * Math.sqrt(6 / (fanIn + fanOut));
    return uniform({ low: -bound, high: bound })(shape, stream);
  };
}

/** N(0, s²), s = gain·√(2/(fanIn + fanOut)) (Glorot & Bengio 2010, eq. 12) */
export function xavierNormal({ gain: factor = 1 } = {}): Initializer {
  return (shape, stream) => {
    const { fanIn, fanOut } = fansOf(shape);
    return normal({ std: factor * Math.sqrt(2 / (fanIn + fanOut)) })(shape, stream);
  };
}

export interface KaimingOptions {
  /** 'fanIn' keeps the variance of the forward pass, 'fanOut' that of the gradients. */
  readonly mode?: 'fanIn' | 'fanOut';
  readonly nonlinearity?: Nonlinearity;
  /** Negative slope of leakyRelu. */
  readonly a?: number;
}

function kaimingStd(shape: Shape, { mode = 'fanIn', nonlinearity = 'leakyRelu', a = 0 }: KaimingOptions): number {
  return gain(nonlinearity, a) / Math.sqrt(fansOf(shape)[mode]);
}

/** U(−b, b), b = gain·√(3/fan) (He et al. 2015, section 2.2) */
export function kaimingUniform(options: KaimingOptions = {}): Initializer {
  return (shape, stream) => {
    const bound = Math.sqrt(3) * kaimingStd(shape, options);
    return uniform({ low: -bound, high: bound })(shape, stream);
  };
}

/** N(0, gain²/fan) (He et al. 2015, eq. 10) */
export function kaimingNormal(options: KaimingOptions = {}): Initializer {
  return (shape, stream) => normal({ std: kaimingStd(shape, options) })(shape, stream);
}

/**
 * gain·Q, Q uniform among the matrices [shape[0], rest] with orthonormal rows, or columns where there are more rows than
 * columns (Saxe et al. 2014): normal vectors, each made orthogonal to those before it.
 * @throws ShapeError for fewer than two axes
 */
export function orthogonal({ gain: factor = 1 } = {}): Initializer {
  return (shape, stream) => {
    fansOf(shape);
    const rows = at(shape, 0);
    const columns = sizeOf(shape) / rows;
    const tall = rows > columns;
    const [count, length] = tall ? [columns, rows] : [rows, columns];
    const noise = new Float32Array(count * length);
    fillNormal(noise, stream);
    const vectors: Float64Array[] = [];
    for (let i = 0; i < count; i++) {
      const v = Float64Array.from(noise.subarray(i * length, (i + 1) * length));
      // Twice, since the first pass leaves a remainder of rounding errors (Giraud et al. 2005).
      for (let pass = 0; pass < 2; pass++) for (const q of vectors) subtractMultiple(v, q, dot(v, q));
      const scale = 1 / Math.sqrt(dot(v, v));
      vectors.push(v.map((x) => x * scale));
    }
    const out = new Float32Array(rows * columns);
    vectors.forEach((v, i) => {
      v.forEach((x, j) => {
        out[tall ? j * columns + i : i * columns + j] = factor * x;
      });
    });
    return out;
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** a ← a − factor·b */
function subtractMultiple(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] = (a[i] as number) - factor * (b[i] as number);
}
