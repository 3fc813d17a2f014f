/** A VAE of two perceptrons, 784-400-20, on binarized images: genera's own model with its defaults. */
import { Rng, resolveSettings } from '../../dist/index.js';
import vae from '../../dist/models/vae.js';

/** @returns {import('./net.js').Net} */
export default function create({ batch, side }) {
  const data = { kind: 'image', shape: [1, side, side] };
  const settings = resolveSettings(vae, { batchSize: batch });
  const context = { data, rng: new Rng({ seed: 0, stream: 'initial' }), totalSteps: 1 };
  const { module, phases, capabilities } = vae.create(settings, context);
  const forward = (code) => capabilities.decode(code);
  return { module, phases, item: data.shape, forward, input: [settings.latent], ema: settings.ema };
}
