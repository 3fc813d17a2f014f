/**
 * The rows of the benchmark. `size` goes to every peer; `kind` says what is timed:
 *
 *   step      one whole training step: a fresh batch and fresh noise, forward, backward, update, the loss on the host
 *   forward   one evaluation of the network on a batch, as sampling repeats it, the result on the host
 *   write     one text of `tokens` tokens after a prompt, the most probable ones; with the keys and values of what has
 *             been read in a cache, or without, the whole text read again for each token
 *   product   one matrix product [m, k] · [k, n]
 *   convolve  one convolution with padding to the same size and both of its gradients
 */

/** The defaults of genera's DDPM. */
const ddpm = { width: 24, multipliers: [1, 2, 2], blocks: 1, attention: 4 };

const nets = {
  'vae-mlp': { net: 'vae', batch: 128, side: 28, hidden: 400, latent: 20 },
  'gpt-small': { net: 'gpt', batch: 12, layers: 4, heads: 4, width: 128, positions: 64, vocabulary: 65 },
  'gpt-medium': { net: 'gpt', batch: 8, layers: 6, heads: 6, width: 384, positions: 256, vocabulary: 65 },
  unet: { net: 'unet', batch: 32, side: 28, channels: 1, ...ddpm },
  'unet-32': { net: 'unet', batch: 32, side: 32, channels: 3, ...ddpm },
  'unet-wide': {
    net: 'unet',
    batch: 32,
    side: 28,
    channels: 1,
    width: 32,
    multipliers: [1, 2, 4],
    blocks: 2,
    attention: 4,
  },
  dcgan: { net: 'dcgan', batch: 64, side: 32, channels: 3, latent: 100, width: 64 },
  pixelcnn: { net: 'pixelcnn', batch: 32, side: 28, layers: 7, width: 64 },
};

/** Batches of sampling: many images at once, one text. */
const sampled = { 'vae-mlp': 64, 'gpt-small': 1, unet: 16, dcgan: 64, pixelcnn: 16 };

export const rows = [
  { name: 'gemm-1024', kind: 'product', size: { m: 1024, k: 1024, n: 1024 } },
  { name: 'gemm-vae', kind: 'product', size: { m: 128, k: 784, n: 400 } },
  { name: 'conv-28', kind: 'convolve', size: { batch: 32, channels: 64, side: 28, kernel: 3 } },
  { name: 'conv-7', kind: 'convolve', size: { batch: 32, channels: 128, side: 7, kernel: 3 } },
  ...Object.entries(nets).map(([name, size]) => ({ name, kind: 'step', size })),
  ...Object.entries(sampled).map(([name, batch]) => ({
    name: `${name}:sample`,
    kind: 'forward',
    size: { ...nets[name], batch },
  })),
  ...[true, false].map((cache) => ({
    name: cache ? 'gpt-small:write' : 'gpt-small:write-uncached',
    kind: 'write',
    size: { ...nets['gpt-small'], batch: 1, prompt: 16, tokens: 48, cache },
  })),
];
