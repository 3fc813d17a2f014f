/**
 * What a denoising network predicts. With x = α·x₀ + σ·ε and α² + σ² = 1, each of ε, x₀ and v = α·ε − σ·x₀ (Salimans & Ho
 * 2022, appendix D) gives the others.
 */
export const predictionTypes = ['epsilon', 'sample', 'v_prediction'] as const;

/** ε, x₀ (`sample`, as diffusers calls it) or v. */
export type PredictionType = (typeof predictionTypes)[number];

/** A pair of factors. */
export interface Mixture {
  readonly sample: number;
  readonly output: number;
}

/** x̂₀ = sample·x + output·(what the network gave) */
export function originalOf(type: PredictionType, alpha: number, sigma: number): Mixture {
  switch (type) {
    case 'epsilon':
      return { sample: 1 / alpha, output: -sigma / alpha };
    case 'sample':
      return { sample: 0, output: 1 };
    default:
      return { sample: alpha, output: -sigma };
  }
}

/** What the network should give: original·x₀ + noise·ε */
export function targetOf(type: PredictionType, alpha: number, sigma: number): { original: number; noise: number } {
  switch (type) {
    case 'epsilon':
      return { original: 0, noise: 1 };
    case 'sample':
      return { original: 1, noise: 0 };
    default:
      return { original: -sigma, noise: alpha };
  }
}

/**
 * The weight of a time in the loss with which it counts like min(SNR, γ)·‖x₀ − x̂₀‖² (Hang et al. 2023, eq. 6 and §3.4): the
 * many nearly clean times, whose ratio is large, no longer rule the gradient. γ is 5 in the paper.
 */
export function minSnrWeight(type: PredictionType, snr: number, gamma: number): number {
  const least = Math.min(snr, gamma);
  switch (type) {
    case 'epsilon':
      return least / snr; // ‖ε − ε̂‖² = SNR·‖x₀ − x̂₀‖²
    case 'sample':
      return least;
    default:
      return least / (snr + 1); // ‖v − v̂‖² = (SNR + 1)·‖x₀ − x̂₀‖²
  }
}
