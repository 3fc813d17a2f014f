/** Finding a model by its name. */
import type { ModelRecord } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { nearestNames } from '../util/nearest.js';
import { models } from './list.js';

export { models };

/** @throws UsageError with the nearest names */
export function findModel(id: string): ModelRecord {
  const model = models.find((m) => m.id === id);
  if (model !== undefined) return model;
  const close = nearestNames(
    id,
    models.map((m) => m.id),
  );
  throw new UsageError({
    operation: 'model',
    expected: 'a model that genera has',
    got: `'${id}'`,
    remedy: close.length > 0 ? `Did you mean ${close.join(' or ')}?` : "'genera list models' shows all.",
  });
}
