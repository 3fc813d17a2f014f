/**
 * The FactorVAE score (Kim & Mnih 2018, "Disentangling by Factorising", §4): how surely one dimension of the code stays
 * the same where one cause of the items does.
 *
 * A vote: choose a cause and one of its values, draw items that have it, and find the dimension of their codes that
 * varies least (relative to its variance over all items). A table of votes (dimension, cause) makes a classifier: each
 * dimension stands for the cause that voted for it most. The score is this classifier's accuracy on new votes: 1 where
 * each cause has a dimension of its own, about 1/causes where none has.
 *
 * What differs from the paper: items with the chosen value are drawn from the data set, with replacement, since it
 * cannot be asked for new ones; dimensions of variance below 0.05 are left out as unused.
 */
import { UsageError } from '../core/errors.js';
import type { Factors } from '../data/data-set.js';
import { RandomSequence } from '../random/sequence.js';
import { columnVariances, meanCodes } from './codes.js';
import type { EvaluationContext } from './contract.js';
import type { Rows } from './rows.js';

/** Place of the votes in the generator's counter space, apart from programs and data sets. */
const site = 0xffff0100;
const unused = 0.05;

export interface VoteOptions {
  readonly seed?: number;
  /** Votes that make the classifier, and as many that test it; the paper's 800. */
  readonly votes?: number;
  /** Items in a vote; the paper's 64. */
  readonly items?: number;
}

/** 0…1; 0 where no dimension is used. */
export function factorVaeScore(
  codes: Rows,
  { names, values, codes: causes }: Pick<Factors, 'names' | 'values' | 'codes'>,
  { seed = 0, votes = 800, items = 64 }: VoteOptions = {},
): number {
  checkRows(codes, names.length, causes.length);
  const spread = columnVariances(codes);
  const used = [...spread.keys()].filter((d) => spread[d]! > unused);
  if (used.length === 0) return 0;
  // Items by cause and value.
  const having = values.map(({ length }) => Array.from({ length }, (): number[] => []));
  for (let i = 0; i < codes.count; i++) {
    for (let f = 0; f < names.length; f++) having[f]![causes[i * names.length + f]!]!.push(i);
  }
  const random = new RandomSequence({ seed, site });
  const vote = (): { dimension: number; cause: number } => {
    const cause = random.int(names.length);
    const groups = having[cause]!.filter((group) => group.length > 0);
    const group = groups[random.int(groups.length)]!;
    const chosen = Array.from({ length: items }, () => group[random.int(group.length)]!);
    const within = columnVariances(codes, chosen);
    const still = used.reduce((best, d) => (within[d]! / spread[d]! < within[best]! / spread[best]! ? d : best));
    return { dimension: still, cause };
  };
  const table = new Map(used.map((d) => [d, new Array<number>(names.length).fill(0)] as const));
  for (let i = 0; i < votes; i++) {
    const { dimension, cause } = vote();
    table.get(dimension)![cause]!++;
  }
  let right = 0;
  for (let i = 0; i < votes; i++) {
    const { dimension, cause } = vote();
    const counts = table.get(dimension)!;
    if (Math.max(...counts) > 0 && counts.indexOf(Math.max(...counts)) === cause) right++;
  }
  return right / votes;
}

/** @throws UsageError unless there is a code for each item whose causes are known */
export function checkRows({ count, width, values }: Rows, factors: number, causes: number): void {
  if (count > 0 && values.length === count * width && causes === count * factors) return;
  throw new UsageError({
    operation: 'disentanglement',
    expected: 'a code and its causes for each of one or more items',
    got: `${values.length} numbers of ${count} codes and ${causes} of causes`,
  });
}

/** The score of mean codes on data whose causes are known. */
export async function disentanglement(context: EvaluationContext): Promise<number> {
  return factorVaeScore(await meanCodes(context), context.data.factors!, { seed: context.seed });
}
