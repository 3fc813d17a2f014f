/**
 * The rows of the benchmark. `net` names the network, whose sizes every peer gets; `kind` says what is timed:
 *
 *   step     one whole training step: a fresh batch and fresh noise, forward, backward, update, loss on the host
 *   sample   one batch of samples, or `evaluations` of the network where sampling takes many
 *   product  one matrix product
 *   convolve one convolution, with its gradients by image and weight
 *   create   time from nothing to a program that can run, not counting the import of the library
 */

const nets = {
  'vae-mlp': { net: 'vae', batch: 128, side: 28, hidden: 400, latent: 20 },
  'gpt-small': { net: 'gpt', batch: 12, layers: 4, heads: 4, width: 128, positions: 64, vocabulary: 65 },
  'gpt-medium': { net: 'gpt', batch: 8, layers: 6, heads: 6, width: 384, positions: 256, vocabulary: 65 },
  unet: { net: 'unet', batch: 32, side: 28, channels: 1, width: 32 },
  'unet-32': { net: 'unet', batch: 32, side: 32, channels: 3, width: 32 },
  dcgan: { net: 'dcgan', batch: 64, side: 32, channels: 3, latent: 100, width: 64 },
  pixelcnn: { net: 'pixelcnn', batch: 32, side: 28, layers: 7, width: 64 },
};

export const rows = Object.entries(nets).map(([name, size]) => ({ name, kind: 'step', size }));
