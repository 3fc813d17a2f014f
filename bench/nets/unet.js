/** genera's DDPM: its U-Net, and the mean squared error of the noise. Without labels, and without averaged weights. */
import { full } from '../../dist/index.js';
import ddpm from '../../dist/models/ddpm.js';
import { fromModel } from './from-model.js';

/** @returns {import('./net.js').Net} */
export default function create({ batch, side, channels, width, multipliers, blocks, attention }) {
  const data = { kind: 'image', shape: [channels, side, side] };
  const net = fromModel(ddpm, { batchSize: batch, width, multipliers, blocks, attention, ema: 0 }, data);
  const forward = (x) => net.module.denoiser.forward(x, { time: full([], 500) });
  return { ...net, forward };
}
