/** What a metric is. */
import type { Capabilities, ModelInstance } from '../contract/index.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import type { FeatureExtractor } from './extractor.js';

export interface Drawn {
  /** float32 [N, ...shape] */
  readonly items: HostTensor;
  /** The classes asked for, item by item, in conditional models. */
  readonly labels?: Int32Array;
}

export interface Samples {
  /** Whether any have been drawn. */
  readonly drawn: boolean;
  /** The samples; later calls give the same ones. */
  draw(onProgress: (fraction: number) => void): Promise<Drawn>;
}

export interface EvaluationContext {
  readonly instance: ModelInstance;
  /** Held-out items. */
  readonly data: DataSet;
  /** What samples are compared with: the whole split, where `data` is a part of it. */
  readonly reference: DataSet;
  /** Draws of the model, shared by all metrics. */
  readonly samples: Samples;
  /** Turns images into the features that they are compared in. */
  readonly extractor?: FeatureExtractor | undefined;
  /** Something that the reader of the figures must know. */
  readonly warn: (message: string) => void;
  /** Outliers: items of another kind, to be told from `data`. */
  readonly against?: DataSet | undefined;
  readonly seed: number;
  /** Called with the fraction done. */
  readonly onProgress: (fraction: number) => void;
}

export interface Metric {
  /** Name in results: `neg_elbo`. */
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** Whether it is found from samples: then its figures depend on their number and, for images, on the extractor. */
  readonly sampled?: true;
  /** Whether the metric is defined for what the model can do, on these items. */
  fits(capabilities: Capabilities, items: Pick<EvaluationContext, 'data' | 'against' | 'extractor'>): boolean;
  compute(context: EvaluationContext): Promise<number>;
}
