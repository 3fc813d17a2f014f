/**
 * One step of a sampler. Every sampler here is linear in what it has seen:
 *
 *     x̂₀ = a·x + b·output                                    what the network says of the clean item
 *     x′  = c·x + d·x̂₀ + e·z + f·x⁻ + g·x̂₀⁻                  x⁻, x̂₀⁻ from the step before, z ~ N(0, I)
 *
 * so a sampler is a table of numbers, one row a step, computed in float64 from its schedule; between the two lines x̂₀ may
 * be clipped. Inside a compiled program the numbers are scalars that the host feeds, and one graph serves all steps;
 * elsewhere they are numbers.
 */
export interface Coefficients<S = number> {
  /** The time that the network is told, 0 … T − 1. */
  readonly time: S;
  /** a, b */
  readonly originalFromSample: S;
  readonly originalFromOutput: S;
  /** ε̂ = epsilonFromSample·x + epsilonFromOriginal·x̂₀, that is (x − α·x̂₀)/σ */
  readonly epsilonFromSample: S;
  readonly epsilonFromOriginal: S;
  /** c, d, and, where a sampler has them, e, f, g */
  readonly sample: S;
  readonly original: S;
  readonly noise?: S;
  readonly previousSample?: S;
  readonly previousOriginal?: S;
  /** Bounds of ln variance where the network chooses in between. */
  readonly logVarianceLow?: S;
  readonly logVarianceHigh?: S;
}

/** What has an addition and multiples: tensors, and numbers in a wrapper. */
export interface Vector<V, S> {
  add(other: V): V;
  mul(factor: S): V;
}

export interface StepInputs<V> {
  /** What the network gave for `sample` at the step's time. */
  readonly modelOutput: V;
  readonly sample: V;
  /** z; needed by samplers that draw. */
  readonly noise?: V;
  /** Sample and clean estimate of the step before; at the first step anything of the same shape. */
  readonly previous?: { readonly sample: V; readonly original: V };
  /** Changes x̂₀ before it is used: clipping, thresholding. */
  readonly clean?: (original: V) => V;
}

export interface StepResult<V> {
  /** x′, the sample at the next (less noisy) time */
  readonly prevSample: V;
  /** x̂₀ */
  readonly predOriginalSample: V;
  /** ε̂ that belongs to x̂₀ as it was used */
  readonly predEpsilon: V;
}

/** Takes one step; see the head of this file. */
export function advance<V extends Vector<V, S>, S>(
  c: Coefficients<S>,
  { modelOutput, sample, noise, previous, clean = (x) => x }: StepInputs<V>,
): StepResult<V> {
  const original = clean(sample.mul(c.originalFromSample).add(modelOutput.mul(c.originalFromOutput)));
  const terms: [factor: S | undefined, value: V | undefined][] = [
    [c.noise, noise],
    [c.previousSample, previous?.sample],
    [c.previousOriginal, previous?.original],
  ];
  let next = sample.mul(c.sample).add(original.mul(c.original));
  for (const [factor, value] of terms) {
    if (factor !== undefined && value !== undefined) next = next.add(value.mul(factor));
  }
  return {
    prevSample: next,
    predOriginalSample: original,
    predEpsilon: sample.mul(c.epsilonFromSample).add(original.mul(c.epsilonFromOriginal)),
  };
}
