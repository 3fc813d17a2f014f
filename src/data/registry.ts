/** The list of data sets. */

import { UsageError } from '../core/errors.js';
import { didYouMean } from '../util/nearest.js';
import type { DataSetRecord } from './data-set.js';
import { fashionMnist, kmnist, mnist } from './idx-sets.js';
import { checkerboard, circles, gaussians, moons, spiral, swissRoll } from './points.js';
import { imbalancedShapes, shapes } from './shapes.js';
import { syntheticDigits } from './synthetic-digits.js';
import { sentences, tinyShakespeare } from './text-sets.js';

/** The default first, then those that need no file, then those that are downloaded. */
export const dataSets: readonly DataSetRecord[] = [
  syntheticDigits,
  shapes,
  imbalancedShapes,
  moons,
  circles,
  gaussians,
  swissRoll,
  checkerboard,
  spiral,
  sentences,
  mnist,
  fashionMnist,
  kmnist,
  tinyShakespeare,
];

/** @throws UsageError for an unknown id, with the nearest ones */
export function findDataSet(id: string): DataSetRecord {
  const found = dataSets.find((record) => record.id === id);
  if (found !== undefined) return found;
  const ids = dataSets.map((record) => record.id);
  throw new UsageError({
    operation: 'data set',
    expected: `one of ${ids.join(', ')}`,
    got: `'${id}'`,
    remedy: didYouMean(id, ids) || "'genera list datasets' describes them.",
  });
}
