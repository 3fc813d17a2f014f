/** Making a model for some data, with the checks that every model needs. */
import type { DataSpec, ModelInstance, ModelRecord } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { DataSet } from '../data/data-set.js';
import { Rng } from '../random/rng.js';

export function dataSpecOf({
  kind,
  shape,
  labelNames,
  text,
}: Pick<DataSet, 'kind' | 'shape' | 'labelNames' | 'text'>): DataSpec {
  return {
    kind,
    shape,
    ...(labelNames === undefined ? {} : { labels: labelNames }),
    ...(text === undefined ? {} : { tokenizer: text.tokenizer }),
  };
}

/**
 * A new instance with names on all variables.
 * @throws UsageError where the model does not take such data
 */
export function instantiate(
  model: ModelRecord,
  settings: Readonly<Record<string, unknown>>,
  data: DataSpec,
  { seed, totalSteps }: { seed: number; totalSteps: number },
): ModelInstance {
  if (!model.data.kinds.includes(data.kind)) {
    throw new UsageError({
      operation: `model ${model.id}`,
      expected: `data of kind ${model.data.kinds.join(' or ')}`,
      got: `${data.kind}`,
      remedy: "'genera list datasets' shows each data set's kind.",
    });
  }
  if (model.data.labels === 'required' && data.labels === undefined) {
    throw new UsageError({
      operation: `model ${model.id}`,
      expected: 'a data set with labels',
      got: 'one without',
      remedy: 'Choose a labelled data set, or a model that needs no labels.',
    });
  }
  const instance = model.create({ ...settings }, { data, rng: new Rng({ seed, stream: 'initial' }), totalSteps });
  instance.module.namedVariables();
  return instance;
}
