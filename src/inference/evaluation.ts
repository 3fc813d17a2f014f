/** Evaluating a model: the metrics that fit what it can do. */
import { type ModelInstance, parseSettings } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { type DataSet, splitByPosition } from '../data/data-set.js';
import { type FeatureExtractor, type Metric, metrics, samplesOf } from '../metrics/index.js';
import { didYouMean } from '../util/nearest.js';
import { drawSamples } from './sampling.js';

/** Samples that are drawn when no number is given: of models that draw at once, and of those that take many steps. */
const samplesByDefault = { sample: 10_000, iterate: 1_000 };

export interface EvaluateOptions {
  /** Names of metrics; default: all that fit. */
  readonly metrics?: readonly string[];
  /** Outliers, for the metrics that tell them from the items. */
  readonly against?: DataSet | undefined;
  /** For metrics of drawn images. */
  readonly extractor?: FeatureExtractor | undefined;
  /**
   * Only so many of the items, and so many samples. Samples are compared with all items in any case. Default: all items,
   * and 10,000 samples, or 1,000 where a sample takes many steps.
   */
  readonly count?: number | undefined;
  /** The model's own settings of sampling: steps, sampler, guidance. */
  readonly sampling?: Readonly<Record<string, unknown>> | undefined;
  readonly seed: number;
  readonly onProgress?: (metric: string, fraction: number) => void;
}

/** Metrics, and what they depend on. */
export interface EvaluationResult {
  readonly metrics: Readonly<Record<string, number>>;
  /** Items that were measured one by one. */
  readonly n: number;
  /** Where samples were measured: how many, and the items that they were compared with. */
  readonly n_fake?: number;
  readonly n_real?: number;
  /** Where samples were measured: all settings of sampling, of models that have any. */
  readonly sampling?: Readonly<Record<string, unknown>>;
  /** Where samples were measured through an extractor. */
  readonly extractor?: { readonly id: string; readonly sha256: string };
  /** What the reader of the figures must know. */
  readonly warnings?: readonly string[];
}

/**
 * Metrics by name.
 * @throws UsageError for a metric that is unknown, or that does not fit the model or the items
 */
export async function evaluateModel(
  instance: ModelInstance,
  reference: DataSet,
  { metrics: names, against, extractor, count, sampling = {}, seed, onProgress = () => undefined }: EvaluateOptions,
): Promise<EvaluationResult> {
  const { capabilities } = instance;
  const data = count === undefined || count >= reference.count ? reference : splitByPosition(reference, [count])[0]!;
  const chosen = chooseMetrics(instance, { data, against, extractor }, names);
  const drawn = count ?? samplesByDefault[capabilities.iterate === undefined ? 'sample' : 'iterate'];
  const settings = parseSettings('sampling', capabilities.sampling, sampling);
  const samples = samplesOf(async (onDraw) => {
    const classes = Array.from({ length: capabilities.classes?.count ?? 0 }, (_, k) => k);
    const asked = classes.length === 0 ? {} : { labels: classes };
    const items = await drawSamples(instance, { count: drawn, seed, settings: sampling, onProgress: onDraw, ...asked });
    return classes.length === 0
      ? { items }
      : { items, labels: Int32Array.from({ length: drawn }, (_, i) => i % classes.length) };
  });
  const warnings: string[] = [];
  const results: Record<string, number> = {};
  for (const metric of chosen) {
    results[metric.id] = await metric.compute({
      instance,
      data,
      reference,
      against,
      extractor,
      samples,
      seed,
      onProgress: (fraction) => onProgress(metric.id, fraction),
      warn: (message) => warnings.push(message),
    });
  }
  return {
    metrics: results,
    n: data.count,
    ...(samples.drawn ? { n_real: reference.count, n_fake: drawn } : {}),
    ...(samples.drawn && Object.keys(settings).length > 0 ? { sampling: settings } : {}),
    ...(samples.drawn && extractor !== undefined ? { extractor: { id: extractor.id, sha256: extractor.sha256 } } : {}),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/**
 * The metrics of these names; without names, all that fit the model and the items.
 * @throws UsageError for a name that is unknown, or of a metric that does not fit
 */
export function chooseMetrics(
  { capabilities }: ModelInstance,
  items: Parameters<Metric['fits']>[1],
  names?: readonly string[],
): Metric[] {
  const fitting = metrics.filter((metric) => metric.fits(capabilities, items));
  return names === undefined ? fitting : names.map((name) => find(name, fitting));
}

function find(name: string, fitting: readonly Metric[]): Metric {
  const metric = fitting.find(({ id }) => id === name);
  if (metric !== undefined) return metric;
  const ids = metrics.map(({ id }) => id);
  if (!ids.includes(name)) {
    throw new UsageError({
      operation: 'evaluate',
      expected: 'a metric that genera has',
      got: `'${name}'`,
      remedy: didYouMean(name, ids) || "'genera list metrics' shows all.",
    });
  }
  throw new UsageError({
    operation: `evaluate ${name}`,
    expected: 'a model and items that this metric fits',
    got: name.startsWith('auroc') ? 'a model or items that lack what it measures, or no outliers' : 'others',
    remedy:
      (name.startsWith('auroc') ? 'Name outliers with --against. ' : '') +
      (metrics.find(({ id }) => id === name)?.sampled === true ? 'Metrics of images need an --extractor. ' : '') +
      `Here ${fitting.map(({ id }) => id).join(', ') || 'no metrics'} can be computed.`,
  });
}
