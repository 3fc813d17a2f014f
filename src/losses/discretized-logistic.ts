/**
 * The likelihood of quantised values under a logistic distribution, and mixtures of them (Salimans et al. 2017,
 * PixelCNN++, §2.1 and §2.2). A value stands for its bin of width Δ = (high − low)/(levels − 1); the outermost bins
 * reach to infinity, so the levels' probabilities sum to 1.
 *
 *     P(x) = σ(a) − σ(b),   a = (x + Δ/2 − μ)/s,   b = (x − Δ/2 − μ)/s                                       (eq. 2)
 *
 * The difference of sigmoids loses all digits for a narrow bin or a far one. Since σ(a) − σ(b) = σ(a)·σ(−b)·(1 − e^(b−a)),
 *
 *     ln P(x) = −softplus(−a) − softplus(b) + ln(1 − e^(−Δ/s))
 *
 * is exact everywhere, where PixelCNN++ switches to an approximation by the density. At the lowest level the second and
 * third term fall away (σ(b) → 0), at the highest the first and third (σ(a) → 1).
 */
import { ShapeError, UsageError } from '../core/errors.js';
import { at, formatShape, sameShape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { concat, where } from '../ops/index.js';
import { checkOperands, sumPerItem } from './per-item.js';

export interface LevelOptions {
  /** How many values there are. */
  readonly levels?: number;
  /** The lowest value … */
  readonly low?: number;
  /** … and the highest; the others lie evenly between. */
  readonly high?: number;
}

/** ln P(x) of each element; x, mean and logScale broadcast. */
function logisticPerElement(x: Tensor, mean: Tensor, logScale: Tensor, options: LevelOptions): Tensor {
  const { levels = 256, low = -1, high = 1 } = options;
  if (!(Number.isInteger(levels) && levels >= 2 && low < high)) {
    throw new UsageError({
      operation: 'discretized logistic',
      expected: 'two or more levels from low to a larger high',
      got: `${levels} levels from ${low} to ${high}`,
    });
  }
  const width = (high - low) / (levels - 1);
  const inverseScale = logScale.neg().exp();
  const centred = x.sub(mean);
  const a = centred.add(width / 2).mul(inverseScale);
  const b = centred.sub(width / 2).mul(inverseScale);
  const lowest = x.less(low + width / 2);
  const highest = x.greater(high - width / 2);
  const inside = inverseScale.mul(-width).expm1().neg().log(); // ln(1 − e^(−Δ/s))
  const below = a.neg().softplus().neg(); // ln σ(a)
  const above = b.softplus().neg(); // ln(1 − σ(b))
  const outermost = lowest.logicalOr(highest);
  return where(highest, 0, below)
    .add(where(lowest, 0, above))
    .add(where(outermost, 0, inside));
}

/**
 * ln P(x) under one logistic per element.
 * @param x [N, …] on the levels
 * @param mean μ, broadcast to x
 * @param logScale ln s, broadcast to x; the variance is s²π²/3
 * @returns [N], nats
 */
export function discretizedLogistic(x: Tensor, mean: Tensor, logScale: Tensor, options: LevelOptions = {}): Tensor {
  checkOperands('discretizedLogistic', x, mean, logScale);
  return sumPerItem(logisticPerElement(x, mean, logScale, options));
}

/** Parameters of a mixture of K logistics per pixel; S are any further axes, such as height and width. */
export interface LogisticMixture {
  /** Logits of the mixture weights, [N, K, …S]; all channels of a pixel come from one component. */
  readonly logits: Tensor;
  /** [N, K, C, …S] */
  readonly means: Tensor;
  /** [N, K, C, …S] */
  readonly logScales: Tensor;
  /**
   * [N, K, C(C − 1)/2, …S], before tanh: how much each channel's mean moves with the channels before it, in the order
   * (1, 0), (2, 0), (2, 1), … (eq. 3). Without it the channels are independent within a component.
   */
  readonly coefficients?: Tensor;
}

/**
 * ln Σₖ πₖ Πᵧ Pₖ(xᵧ), over the channels γ of each pixel, summed over the pixels.
 * @param x [N, C, …S] on the levels
 * @returns [N], nats
 */
export function discretizedLogisticMixture(x: Tensor, mixture: LogisticMixture, options: LevelOptions = {}): Tensor {
  const { logits, means, logScales, coefficients } = mixture;
  checkMixture(x, mixture);
  const given = x.unsqueeze(1); // [N, 1, C, …S]
  const centres = coefficients === undefined ? means : coupledMeans(given, means, coefficients);
  const channels = logisticPerElement(given, centres, logScales, options).sum(2); // [N, K, …S]
  return sumPerItem(logits.logSoftmax(1).add(channels).logSumExp(1)); // [N, …S] → [N]
}

/** μᵧ + Σ tanh(c)·x over the channels before γ (eq. 3). */
function coupledMeans(x: Tensor, means: Tensor, coefficients: Tensor): Tensor {
  const channels = Array.from({ length: at(means.shape, 2) }, (_, c) => means.narrow(2, c, 1));
  let next = 0;
  return concat(
    channels.map((mean, c) => {
      let moved = mean;
      for (let before = 0; before < c; before++) {
        moved = moved.add(
          coefficients
            .narrow(2, next++, 1)
            .tanh()
            .mul(x.narrow(2, before, 1)),
        );
      }
      return moved;
    }),
    2,
  );
}

function checkMixture(x: Tensor, { logits, means, logScales, coefficients }: LogisticMixture): void {
  const [N, C, ...S] = x.shape;
  const K = logits.shape[1];
  if (N === undefined || C === undefined || K === undefined) {
    throw new ShapeError({
      operation: 'discretizedLogisticMixture',
      expected: 'x [N, C, …S] and logits [N, K, …S]',
      got: `${formatShape(x.shape)} and ${formatShape(logits.shape)}`,
    });
  }
  const wanted = { logits: [N, K, ...S], means: [N, K, C, ...S], logScales: [N, K, C, ...S] };
  const pairs: [string, Tensor | undefined, number[]][] = [
    ['logits', logits, wanted.logits],
    ['means', means, wanted.means],
    ['logScales', logScales, wanted.logScales],
    ['coefficients', coefficients, [N, K, (C * (C - 1)) / 2, ...S]],
  ];
  for (const [name, tensor, shape] of pairs) {
    if (tensor === undefined || sameShape(tensor.shape, shape)) continue;
    throw new ShapeError({
      operation: `discretizedLogisticMixture, ${name}`,
      expected: `${formatShape(shape)} for x ${formatShape(x.shape)}`,
      got: formatShape(tensor.shape),
    });
  }
}
