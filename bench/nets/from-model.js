/** One of genera's own models as a network of the benchmark. */
import { Rng, resolveSettings } from '../../dist/index.js';

export function fromModel(record, given, data) {
  const settings = resolveSettings(record, given);
  const rng = new Rng({ seed: 0, stream: 'initial' });
  const { module, phases, capabilities } = record.create(settings, { data, rng, totalSteps: 1000 });
  return { module, phases, capabilities, item: data.shape, ema: settings.ema };
}
