/** Measuring a run while it trains, so that its best checkpoint is the one that is best at what matters. */
import { UsageError } from '../core/errors.js';
import type { DataSet } from '../data/data-set.js';
import { chooseMetrics, evaluateModel } from '../inference/evaluation.js';
import type { Measured } from '../train/loop.js';
import type { RunConfig } from '../train/run-format.js';
import type { Trainer } from '../train/trainer.js';
import { extractorFor } from './extractors.js';

/** What is measured when nothing is named: the first of these that fits. */
const preferred = ['fid', 'sliced_wasserstein', 'perplexity', 'nll', 'neg_elbo', 'accuracy', 'mse'];

const defaultSamples = 1000;

type Plan = NonNullable<RunConfig['evaluation']>;

export interface Watch {
  readonly plan: Plan;
  /** Measures the model with the weights that it has. */
  measure(): Promise<Measured>;
}

/**
 * @param held items that the model is measured on
 * @throws UsageError for metrics that are unknown or do not fit
 */
export async function watch(trainer: Trainer, held: DataSet, asked: Partial<Plan>): Promise<Watch> {
  const { instance, seed } = trainer;
  const { samples = defaultSamples } = asked;
  const extractor = await extractorFor(held);
  const fitting = chooseMetrics(instance, { data: held, extractor }, asked.metrics);
  const [first] = asked.metrics === undefined ? preferred.flatMap((id) => fitting.filter((m) => m.id === id)) : fitting;
  if (first === undefined) {
    throw new UsageError({
      operation: '--eval-every',
      expected: 'a model that a metric fits',
      got: 'one that none fits',
      remedy: "Leave it out, or name a metric with --eval-metrics; 'genera list metrics' shows all.",
    });
  }
  const plan = { metrics: asked.metrics ?? [first.id], samples };
  return {
    plan,
    async measure() {
      const { metrics } = await evaluateModel(instance, held, {
        metrics: plan.metrics,
        extractor,
        count: samples,
        seed,
      });
      const value = metrics[first.id]!;
      return { metrics, score: first.better === 'lower' ? value : -value };
    },
  };
}
