/** genera in Node: importing this makes ONNX Runtime's CPU backend the default. */
import { setDefaultBackend } from '../runtime/backend.js';
import { cpuBackend } from './backend.js';

setDefaultBackend(cpuBackend());

export * from '../index.js';
export { type ClassGuess, classifyTexts } from '../inference/classify-text.js';
export {
  type Alternative,
  type GenerationEvent,
  type GenerationSettings,
  generateText,
  scoreText,
  writeText,
} from '../inference/generation.js';
export { embedTexts, fillMask, type Guess } from '../inference/masked-text.js';
export type { MetricsLine, RunConfig } from '../train/run-format.js';
export { didYouMean } from '../util/nearest.js';
export { cpuBackend, type NodeBackendOptions } from './backend.js';
export {
  type DataSetEntry,
  listDataSets,
  listMetrics,
  listModels,
  type MetricEntry,
  type ModelEntry,
  type SettingEntry,
} from './catalog.js';
export type { Checkpoint } from './checkpoints.js';
export { type NodeDataSourceOptions, nodeDataSource } from './data.js';
export { useDevice } from './devices.js';
export {
  type EditRequest,
  type TrajectoryRequest,
  writeEdits,
  writeInpaintings,
  writeTrajectory,
} from './diffusion-outputs.js';
export { type DoctorOptions, examine, type Finding } from './doctor.js';
export type { DownloadProgress } from './downloads.js';
export { type Evaluation, evaluateRun } from './evaluation.js';
export { loadExtractor } from './extractors.js';
export { readJsonObject } from './files.js';
export { importHuggingFace, writeHuggingFace } from './hugging-face.js';
export { type GridOptions, imageGrid, imagePng, pictureOf, pointPlot } from './images.js';
export { checkFormat } from './item-files.js';
export {
  latentDimensions,
  type ManifoldRequest,
  type TraverseRequest,
  writeArithmetic,
  writeManifold,
  writeRestorations,
  writeTraversal,
} from './latent-outputs.js';
export { decodeNpy, encodeNpy } from './npy.js';
export {
  type ExportedFile,
  type InterpolateRequest,
  type SampleRequest,
  writeInterpolations,
  writeOnnx,
  writeReconstructions,
  writeSamples,
  writeTextFile,
} from './outputs.js';
export { checkSuchItems, type DataAccess, loadSplit } from './run-data.js';
export { RunStore } from './run-store.js';
export { type LoadedRun, loadRun, newestRun } from './runs.js';
export type { PointSeries } from './scatter.js';
export { openDataSet, readTokenizer } from './text-data.js';
export { openTokenFile, writeTokenFile } from './token-files.js';
export { beginRun, continueRun, type OpenRun, type RunEvent, type TrainRequest, trainRun } from './training.js';
export { versions } from './versions.js';
