/** Measuring a run on held-out data. */
import type { DataSet } from '../data/data-set.js';
import { type EvaluateOptions, type EvaluationResult, evaluateModel } from '../inference/evaluation.js';
import { extractorFor, loadExtractor } from './extractors.js';
import type { LoadedRun } from './runs.js';

/** What `genera eval --json` prints: metrics with all that they depend on. */
export interface Evaluation extends EvaluationResult {
  readonly run: string;
  readonly model: string;
  readonly data: string;
  readonly split: string;
  readonly seed: number;
  /** Outliers, where some were named. */
  readonly against?: string;
  /** Whether the weights are a moving average. */
  readonly ema: boolean;
}

export interface EvaluateRunOptions extends Omit<EvaluateOptions, 'extractor'> {
  /** Name or path of a feature extractor; default: genera's own where it takes such images. */
  readonly extractor?: string | undefined;
}

/** Measures a run on the items of a split. */
export async function evaluateRun(run: LoadedRun, data: DataSet, options: EvaluateRunOptions): Promise<Evaluation> {
  const { extractor: name, seed, against } = options;
  const extractor = name !== undefined ? await loadExtractor(name) : await extractorFor(data);
  const { n, ...result } = await evaluateModel(run.instance, data, { ...options, extractor });
  const { directory, model, ema } = run;
  return {
    run: directory,
    model: model.id,
    data: data.id,
    split: data.split,
    n,
    seed,
    ...(against === undefined ? {} : { against: against.id }),
    ema,
    ...result,
  };
}
