/** genera's VAE of two perceptrons on binarized images. */
import vae from '../../dist/models/vae.js';
import { fromModel } from './from-model.js';

/** @returns {import('./net.js').Net} */
export default function create({ batch, side, hidden, latent }) {
  const net = fromModel(vae, { batchSize: batch, hidden, latent }, { kind: 'image', shape: [1, side, side] });
  return { ...net, forward: (code) => net.capabilities.decode(code), input: [latent] };
}
