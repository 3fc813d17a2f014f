/** Position codes: learned, sinusoidal, rotary. */
import { ShapeError } from '../core/errors.js';
import type { Variable } from '../core/leaves.js';
import { tensor } from '../core/leaves.js';
import { at, formatShape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { arange, concat, stack } from '../ops/index.js';
import type { Rng } from '../random/rng.js';
import { type Initializer, normal } from './initializers.js';
import { Module } from './module.js';
import { parameter } from './parameter.js';

/**
 * Adds a trained vector to each position: y[b, t] = x[b, t] + W[t].
 *
 * Shapes: x [batch, positions, size] → the same, positions ≤ length; `weight` [length, size].
 * First values: N(0, 0.02²), as GPT-2 has them.
 * @throws ShapeError for more positions than `length`
 *
 * Source: Gehring et al. 2017; Radford et al. 2019.
 */
export class LearnedPositions extends Module {
  readonly weight: Variable;

  constructor(
    length: number,
    size: number,
    { rng, weightInitializer = normal({ std: 0.02 }) }: { readonly rng: Rng; readonly weightInitializer?: Initializer },
  ) {
    super();
    this.weight = parameter([length, size], weightInitializer, rng);
  }

  forward(x: Tensor): Tensor {
    const positions = at(x.shape, -2);
    if (positions > at(this.weight.shape, 0)) {
      throw new ShapeError({
        operation: 'LearnedPositions',
        expected: `at most ${at(this.weight.shape, 0)} positions`,
        got: formatShape(x.shape),
        remedy: 'Cut the sequence, or make the layer longer.',
      });
    }
    return x.add(this.weight.narrow(0, 0, positions));
  }
}

export interface SinusoidalOptions {
  /** Wavelengths run from 2π to base·2π; default 10000. */
  readonly base?: number;
  /**
   * 'interleaved' (sin, cos, sin, cos …) as Vaswani et al. write it; 'halves' (all sines, then all cosines) as DDPM's
   * time embedding does. Default 'interleaved'.
   */
  readonly layout?: 'interleaved' | 'halves';
  /** Frequency i of n is base^(−i/(n − shift)): 0 (the default) as Vaswani et al., 1 as DDPM. */
  readonly shift?: number;
}

/**
 * Waves of geometrically spaced frequencies at the given positions:
 * PE[p, 2i] = sin(p·ωᵢ), PE[p, 2i + 1] = cos(p·ωᵢ), ωᵢ = base^(−2i/size).
 *
 * Shapes: positions […] of any number type → […, size]. Positions may be times, in steps.
 * @throws ShapeError where size is odd
 *
 * Source: Vaswani et al. 2017, section 3.5; Ho et al. 2020, appendix B.
 */
export function sinusoidal(
  positions: Tensor,
  size: number,
  { base = 10000, layout = 'interleaved', shift = 0 }: SinusoidalOptions = {},
): Tensor {
  const angles = anglesAt('sinusoidal', positions, size, base, shift); // […, size / 2]
  const waves = [angles.sin(), angles.cos()];
  if (layout === 'halves') return concat(waves, -1);
  return stack(waves, -1).reshape([...positions.shape, size]);
}

/** positions ⊗ ω: […] → […, size / 2] */
function anglesAt(operation: string, positions: Tensor, size: number, base: number, shift: number): Tensor {
  if (size % 2 !== 0) {
    throw new ShapeError({ operation, expected: 'an even size (sines and cosines)', got: `${size}` });
  }
  const half = size / 2;
  // Computed in float64, stored in float32.
  const frequencies = Float32Array.from({ length: half }, (_, i) => base ** (-i / Math.max(half - shift, 1)));
  return positions.cast('float32').unsqueeze(-1).mul(tensor(frequencies));
}

export interface RotaryOptions {
  /** Longest wavelength is about base·2π positions; default 10000. */
  readonly base?: number;
  /** Position of each vector, [positions]; default 0, 1, 2, … */
  readonly positions?: Tensor;
  /**
   * Which components form a pair: false (the default) i and i + size/2, as LLaMA and GPT-NeoX; true 2i and 2i + 1, as
   * the paper.
   */
  readonly interleaved?: boolean;
}

/**
 * Turns each pair of components by an angle that grows with the position, so that the product of two vectors depends on
 * the difference of their positions only: (a, b) ↦ (a·cos θ − b·sin θ, a·sin θ + b·cos θ), θ = p·base^(−2i/size).
 *
 * Shapes: x […, positions, size] → the same; applied to queries and keys, per head.
 * @throws ShapeError where size is odd
 *
 * Source: Su et al. 2021, eq. 34.
 */
export function applyRotary(x: Tensor, { base = 10000, positions, interleaved = false }: RotaryOptions = {}): Tensor {
  const [count, size] = [at(x.shape, -2), at(x.shape, -1)];
  const angles = anglesAt('applyRotary', positions ?? arange(count), size, base, 0); // [positions, size / 2]
  const [cos, sin] = [angles.cos(), angles.sin()];
  const pairs = interleaved ? x.reshape([...x.shape.slice(0, -1), size / 2, 2]) : undefined;
  const [a, b] = (pairs?.split(2, -1).map((t) => t.squeeze(-1)) ?? x.split(2, -1)) as [Tensor, Tensor];
  const turned = [a.mul(cos).sub(b.mul(sin)), a.mul(sin).add(b.mul(cos))];
  return interleaved ? stack(turned, -1).reshape(x.shape) : concat(turned, -1);
}
