/** Metrics of models that classify. */
import type { DataSet } from '../data/data-set.js';
import { calibration } from './calibration.js';
import type { EvaluationContext } from './contract.js';
import { valuesOfItems } from './per-item.js';

/** 1 for each item that the model gives its label, else 0. */
async function hits(context: EvaluationContext): Promise<Float32Array> {
  const classify = context.instance.capabilities.classify!;
  return valuesOfItems(context, 'accuracy', 100, (x, { labels }) =>
    classify(x).argmax().equal(labels!).cast('float32'),
  );
}

/** Share of the items that are given their label. */
export async function accuracy(context: EvaluationContext): Promise<number> {
  return mean(await hits(context), () => true);
}

/** How far its sureness is from how often it is right. */
export async function expectedCalibrationError(context: EvaluationContext): Promise<number> {
  const { instance, data } = context;
  const values = await valuesOfItems(context, 'ece', 100, (x) => instance.capabilities.classify!(x).softmax());
  return calibration({ count: data.count, width: values.length / data.count, values }, data.labels!).ece;
}

/** The accuracy among the items that have the value that training saw seldom (`factors.rare`). NaN where there are none. */
export async function minorityAccuracy(context: EvaluationContext): Promise<number> {
  return mean(await hits(context), (i) => isRare(context.data, i));
}

function isRare({ factors }: DataSet, i: number): boolean {
  const { names, codes, rare } = factors!;
  return codes[i * names.length + rare!.factor] === rare!.code;
}

function mean(values: Float32Array, counts: (i: number) => boolean): number {
  const chosen = values.filter((_, i) => counts(i));
  return chosen.reduce((a, b) => a + b, 0) / chosen.length;
}
