/** Metrics: what a model is measured by. */

export { activeAbove } from './active-units.js';
export { bitsPerDim, bitsPerDimOfDensity } from './bits-per-dim.js';
export { type Calibration, calibration, type ReliabilityBin } from './calibration.js';
export { type ClassificationReport, type ClassReport, classificationReport } from './classification-report.js';
export type { Drawn, EvaluationContext, Metric } from './contract.js';
export { type Extracted, type FeatureExtractor, onnxExtractor } from './extractor.js';
export { frechetDistance } from './frechet.js';
export { meanSquaredError, psnr, ssim } from './image-quality.js';
export { type InceptionScore, inceptionScore } from './inception-score.js';
export { type KernelDistance, type KernelDistanceOptions, kernelDistance } from './kernel-distance.js';
export { type DiscrepancyOptions, maximumMeanDiscrepancy } from './mmd.js';
export { modesFound, samplesOfModes } from './mode-coverage.js';
export { type NeighbourFigures, type NeighbourOptions, neighbourFigures } from './neighbours.js';
export { metrics } from './registry.js';
export { type Rows, rowsOf } from './rows.js';
export { samplesOf } from './samples.js';
export { type SlicedWassersteinOptions, slicedWasserstein } from './sliced-wasserstein.js';
