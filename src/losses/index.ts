/** Losses: likelihoods and distances per item, divergences, and the two sides of adversarial games. */
export { type AdversarialLoss, hinge, leastSquares, nonSaturating, saturating, wasserstein } from './adversarial.js';
export { type CrossEntropyOptions, crossEntropy, meanCrossEntropy } from './categorical.js';
export { discretizedGaussian } from './discretized-gaussian.js';
export {
  discretizedLogistic,
  discretizedLogisticMixture,
  type LevelOptions,
  type LogisticMixture,
} from './discretized-logistic.js';
export { jensenShannon, klCategorical, klNormal, klStandardNormal, type Normal } from './divergences.js';
export { type Critic, gradientPenalty, r1Penalty } from './gradient-penalty.js';
export { bernoulliFromLogits, gaussian } from './likelihoods.js';
export { imqKernel, type Kernel, type MmdOptions, mmd, rbfKernel } from './mmd.js';
export {
  absoluteError,
  binaryCrossEntropyWithLogits,
  huber,
  mse,
  smoothL1,
  squaredError,
} from './regression.js';
export { type KlParts, klParts } from './total-correlation.js';
