/** Beginning a run with what another one has learned: its weights, its settings and its tokenizer. */
import { join } from 'node:path';
import { type ModelRecord, trainingFields } from '../contract/index.js';
import { dtypeOf } from '../core/dtype.js';
import { UsageError } from '../core/errors.js';
import type { Variable } from '../core/leaves.js';
import { sameShape, sizeOf } from '../core/shape.js';
import type { Tokenizer } from '../data/tokenizers/index.js';
import { type NamedArray, writeVariables } from '../runtime/state.js';
import { digestOfTensors } from './digests.js';
import { readRunConfig } from './run-config.js';
import { readRunTokenizer, readWeights } from './runs.js';

/** What a run gives to those that begin with it. */
export interface Source {
  readonly run: string;
  /** Settings of the network; those of training are not handed on. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly weights: ReadonlyMap<string, NamedArray>;
  /** Of the weights. */
  readonly sha256: string;
  readonly tokenizer?: Tokenizer;
}

/** Names of the variables that a run took over, and of those that begin anew. */
export interface Taken {
  readonly run: string;
  readonly taken: readonly string[];
  readonly anew: readonly string[];
}

/** @throws UsageError where there is no run, or one of another model */
export async function readSource(run: string, model: ModelRecord): Promise<Source> {
  const config = await readRunConfig(join(run, 'config.json'));
  if (config === undefined || config.model !== model.id) {
    throw new UsageError({
      operation: `train ${model.id} from ${run}`,
      expected: `a run of ${model.id}`,
      got: config === undefined ? 'no run' : `a run of ${config.model}`,
      remedy: 'Give the directory of a run whose weights are to be the first ones.',
    });
  }
  const handedOn = Object.entries(config.settings).filter(([key]) => !(key in trainingFields));
  const weights = await readWeights(run);
  return {
    run,
    settings: Object.fromEntries(handedOn),
    weights,
    sha256: digestOfTensors(weights),
    ...(config.data.kind === 'text' ? { tokenizer: await readRunTokenizer(run) } : {}),
  };
}

/**
 * Gives variables the weights of the same name and shape. What else there is, such as a new head, begins anew.
 * @throws UsageError where that is more than half of the network's numbers
 */
export async function takeWeights(variables: readonly Variable[], { run, weights }: Source): Promise<Taken> {
  const fits = ({ name, shape, dtype }: Variable): boolean => {
    const found = weights.get(name);
    return found !== undefined && dtypeOf(found.data) === dtype && sameShape(found.shape, shape);
  };
  const found = variables.filter(fits);
  const names = found.map(({ name }) => name);
  const numbers = (of: readonly Variable[]): number => of.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const share = numbers(found) / Math.max(1, numbers(variables)); // of a table that is fitted, such as ngram: 0
  if (share < 0.5) {
    throw new UsageError({
      operation: `begin with the weights of ${run}`,
      expected: 'a network of the same sizes, but for its head',
      got: `one of which ${Math.round(100 * share)} % fit`,
      remedy: 'Leave out settings that change the network.',
    });
  }
  await writeVariables(found, new Map(names.map((name) => [name, weights.get(name)!])));
  return { run, taken: names, anew: variables.map(({ name }) => name).filter((name) => !names.includes(name)) };
}
