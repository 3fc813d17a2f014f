/** Programs are compiled once for a model: whoever asks again, as a slider does, waits for the run alone. */
import type { ModelInstance } from '../contract/index.js';

const cache = new WeakMap<ModelInstance, Map<string, unknown>>();

/** What `make` made when the model's program of this name was asked for first. */
export function programOf<P>(instance: ModelInstance, name: string, make: () => P): P {
  const known = cache.get(instance) ?? new Map<string, unknown>();
  cache.set(instance, known);
  if (!known.has(name)) known.set(name, make());
  return known.get(name) as P;
}
