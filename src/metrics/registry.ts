/** The list of metrics. Each says which models it fits and how it is computed on held-out data. */
import { activeUnits } from './active-units.js';
import { outliersByLikelihood, outliersByReconstruction } from './auroc.js';
import { accuracy, expectedCalibrationError, minorityAccuracy } from './classification.js';
import { codebookPerplexity, codebookUsage } from './codebook.js';
import type { Metric } from './contract.js';
import { disentanglement } from './factor-vae.js';
import { bitsPerDimension, importanceWeightedNll, negativeElbo } from './likelihood.js';
import { maskedAccuracy } from './masked.js';
import { highQualityRate, modeCoverage } from './mode-coverage.js';
import { informationGap } from './mutual-information-gap.js';
import { reconstructionError, restorationError } from './reconstruction.js';
import { canAskForClasses, labelAccuracy, sampleMetrics } from './sample-metrics.js';
import { bitsPerByte, bitsPerCharacter, perplexity, wordPerplexity } from './text.js';

export const metrics: readonly Metric[] = [
  {
    id: 'perplexity',
    title: 'Perplexity: e to the mean −ln p of a token',
    unit: 'per token',
    better: 'lower',
    fits: ({ language }, { data }) => language !== undefined && data.text !== undefined,
    compute: perplexity,
  },
  {
    id: 'word_perplexity',
    title: 'Perplexity of a word, a part between white space: e to the −ln p of the text divided by its words',
    unit: 'per word',
    better: 'lower',
    fits: ({ language }, { data }) => language !== undefined && data.text !== undefined,
    compute: wordPerplexity,
  },
  {
    id: 'masked_accuracy',
    title: 'Hidden tokens (15 %, each by itself) that the model takes for what they were',
    unit: '',
    better: 'higher',
    fits: ({ masked }, { data }) => masked !== undefined && data.text !== undefined,
    compute: maskedAccuracy,
  },
  {
    id: 'bits_per_char',
    title: 'Negative log-likelihood of the text, per character',
    unit: 'bits per character',
    better: 'lower',
    fits: ({ language }, { data }) => language !== undefined && data.text !== undefined,
    compute: bitsPerCharacter,
  },
  {
    id: 'bits_per_byte',
    title: 'Negative log-likelihood of the text, per UTF-8 byte',
    unit: 'bits per byte',
    better: 'lower',
    fits: ({ language }, { data }) => language !== undefined && data.text !== undefined,
    compute: bitsPerByte,
  },
  {
    id: 'neg_elbo',
    title: 'Negative evidence lower bound, one draw an item',
    unit: 'nats per item',
    better: 'lower',
    fits: ({ elbo }) => elbo !== undefined,
    compute: negativeElbo,
  },
  {
    id: 'nll',
    title: 'Negative log-likelihood: exact, or importance-weighted with 100 draws',
    unit: 'nats per item',
    better: 'lower',
    fits: ({ logProb }) => logProb !== undefined,
    compute: importanceWeightedNll,
  },
  {
    id: 'bits_per_dim',
    title: 'Negative log-likelihood of items of whole values, or its bound, per element',
    unit: 'bits per dimension',
    better: 'lower',
    fits: ({ levels, elbo, logProb }) => levels !== undefined && (elbo ?? logProb) !== undefined,
    compute: bitsPerDimension,
  },
  {
    id: 'mse',
    title: 'Mean squared error of reconstructions, per value in 0…1',
    unit: '',
    better: 'lower',
    fits: ({ reconstruct }) => reconstruct !== undefined,
    compute: reconstructionError,
  },
  {
    id: 'masked_mse',
    title: 'Mean squared error of images restored from copies with 30 % of their values set to 0',
    unit: '',
    better: 'lower',
    fits: ({ reconstruct }, { data }) => reconstruct !== undefined && data.kind === 'image',
    compute: restorationError,
  },
  {
    id: 'active_units',
    title: 'Dimensions of the code whose mean varies with the item (variance above 0.01)',
    unit: 'dimensions',
    better: 'higher',
    fits: ({ encode, latent }) => encode !== undefined && latent?.shape.length === 1,
    compute: activeUnits,
  },
  {
    id: 'factor_vae_score',
    title: 'FactorVAE score: how surely one dimension of the code stands for each cause of the items',
    unit: '',
    better: 'higher',
    fits: ({ encode, latent }, { data }) =>
      encode !== undefined && latent?.shape.length === 1 && data.factors !== undefined,
    compute: disentanglement,
  },
  {
    id: 'mig',
    title: 'Mutual information gap: how much more one dimension tells of a cause than the next',
    unit: '',
    better: 'higher',
    fits: ({ encode, latent }, { data }) =>
      encode !== undefined && latent?.shape.length === 1 && data.factors !== undefined,
    compute: informationGap,
  },
  {
    id: 'auroc',
    title: 'Outliers (--against) told from items by −ln p(x) or its bound: area under the ROC',
    unit: '',
    better: 'higher',
    fits: ({ elbo, logProb }, { against }) => against !== undefined && (elbo ?? logProb) !== undefined,
    compute: outliersByLikelihood,
  },
  {
    id: 'auroc_reconstruction',
    title: 'Outliers (--against) told from items by the error of the reconstruction: area under the ROC',
    unit: '',
    better: 'higher',
    fits: ({ reconstruct }, { against }) => against !== undefined && reconstruct !== undefined,
    compute: outliersByReconstruction,
  },
  {
    id: 'accuracy',
    title: 'Share of the items that are given their label; of samples that the extractor gives the label asked for',
    unit: '',
    better: 'higher',
    fits: (model, items) =>
      (model.classify !== undefined && items.data.labels !== undefined) || canAskForClasses(model, items),
    compute: (context) =>
      context.instance.capabilities.classify === undefined ? labelAccuracy(context) : accuracy(context),
  },
  {
    id: 'ece',
    title: 'Expected calibration error: how far the classifier’s sureness is from how often it is right, 15 bins',
    unit: '',
    better: 'lower',
    fits: ({ classify }, { data }) => classify !== undefined && data.labels !== undefined,
    compute: expectedCalibrationError,
  },
  {
    id: 'minority_accuracy',
    title: 'The same among items of the kind that training saw seldom',
    unit: '',
    better: 'higher',
    fits: ({ classify }, { data }) =>
      classify !== undefined && data.labels !== undefined && data.factors?.rare !== undefined,
    compute: minorityAccuracy,
  },
  {
    id: 'codebook_usage',
    title: 'Share of the entries of the codebook that are read at least once',
    unit: '',
    better: 'higher',
    fits: ({ quantize }) => quantize !== undefined,
    compute: codebookUsage,
  },
  {
    id: 'codebook_perplexity',
    title: 'Entries of the codebook that, read equally often, would be as varied',
    unit: 'entries',
    better: 'higher',
    fits: ({ quantize }) => quantize !== undefined,
    compute: codebookPerplexity,
  },
  {
    id: 'modes',
    title: 'Gaussians of the eight that at least 1 % of the samples lie in',
    unit: 'modes',
    better: 'higher',
    sampled: true,
    fits: ({ sample, iterate }, { data }) => data.id === 'gaussians' && (sample ?? iterate) !== undefined,
    compute: modeCoverage,
  },
  {
    id: 'high_quality',
    title: 'Share of samples within three deviations of the nearest of the eight Gaussians',
    unit: '',
    better: 'higher',
    sampled: true,
    fits: ({ sample, iterate }, { data }) => data.id === 'gaussians' && (sample ?? iterate) !== undefined,
    compute: highQualityRate,
  },
  ...sampleMetrics,
];
