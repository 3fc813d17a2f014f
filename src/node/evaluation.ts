/** Measuring a run on held-out data. */
import type { DataSet } from '../data/data-set.js';
import { type EvaluateOptions, evaluateModel } from '../inference/evaluation.js';
import type { LoadedRun } from './runs.js';

/** What `genera eval --json` prints: metrics with all that they depend on. */
export interface Evaluation {
  readonly run: string;
  readonly model: string;
  readonly data: string;
  readonly split: string;
  /** Held-out items. */
  readonly n: number;
  readonly seed: number;
  /** Outliers, where some were named. */
  readonly against?: string;
  /** Whether the weights are a moving average. */
  readonly ema: boolean;
  readonly metrics: Readonly<Record<string, number>>;
}

export async function evaluateRun(run: LoadedRun, data: DataSet, options: EvaluateOptions): Promise<Evaluation> {
  const metrics = await evaluateModel(run.instance, data, options);
  const { directory, model, ema } = run;
  return {
    run: directory,
    model: model.id,
    data: data.id,
    split: data.split,
    n: data.count,
    seed: options.seed,
    ...(options.against === undefined ? {} : { against: options.against.id }),
    ema,
    metrics,
  };
}
