/** Every model, by the order of the concept map. A new model is one file and one line here. */
import type { ModelRecord } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import { nearestNames } from '../util/nearest.js';
import vae from './vae.js';

export const models: readonly ModelRecord[] = [vae];

/** @throws UsageError with the nearest names */
export function findModel(id: string): ModelRecord {
  const model = models.find((m) => m.id === id);
  if (model !== undefined) return model;
  const close = nearestNames(id, models.map((m) => m.id));
  throw new UsageError({
    operation: 'model',
    expected: 'a model that genera has',
    got: `'${id}'`,
    remedy: close.length > 0 ? `Did you mean ${close.join(' or ')}?` : "'genera list models' shows all.",
  });
}
