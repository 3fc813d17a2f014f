/** Models that are computed from the data instead of being moved by gradients: counts, closed forms. */
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';

/**
 * What stands in the place of phases. Training is then one step, which sees all training items. What is learnt may be of
 * any size; it is saved and loaded by name in the place of weights, of which such a model has none.
 */
export interface Fitting {
  /** Learns from the items, forgetting what was learnt before. The result is numbers worth logging, `loss` among them. */
  fit(data: DataSet, context: { readonly seed: number }): Promise<Readonly<Record<string, number>>>;
  /** The loss on other items. */
  evaluate(data: DataSet): Promise<Readonly<Record<string, number>>>;
  /** What has been learnt. */
  state(): ReadonlyMap<string, HostTensor>;
  /** @throws FormatError where the values are of another model */
  restore(state: ReadonlyMap<string, Pick<HostTensor, 'shape' | 'data'>>): void;
}
