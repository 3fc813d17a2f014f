import { type ConceptFamily, tex } from './concept.js';

export const hybrids: ConceptFamily = {
  id: 'hybrid',
  title: 'Hybrids',
  summary: 'What two families can do together.',
  concepts: [
    {
      id: 'vae-gan',
      title: 'VAE-GAN',
      at: [0.81, 0.44],
      machinery: ['convolution'],
      formula: tex`\mathcal L = \mathrm{KL}\big(q(z\mid x)\Vert p(z)\big) - \mathbb E_q[\ln p(D_l(x)\mid z)] + \mathcal L_{\mathrm{GAN}}`,
      text: 'A variational autoencoder whose decoder is at the same time a GAN’s generator. Instead of comparing pixels, which rewards blur, it compares what an inner layer of the discriminator sees: edges and textures. It keeps an encoder, so that real pictures can be edited, and gains sharpness.',
      from: ['vae', 'gan'],
    },
    {
      id: 'flow-gan',
      title: 'Flow-GAN',
      at: [0.9, 0.62],
      machinery: ['convolution', 'mlp'],
      formula: tex`\min_\theta \max_\phi\; V(G_\theta, D_\phi) - \lambda\, \mathbb E_x[\ln p_\theta(x)]`,
      text: 'The generator is a flow, so it can be judged in both ways: by a discriminator, and by the exact probability it gives to real data. Training with the discriminator alone makes pretty samples and a terrible likelihood; a mixture of both keeps either in check. A clean experiment on what “good” means for a generative model.',
      from: ['flow', 'gan'],
    },
    {
      id: 'diffusion-gan',
      title: 'Diffusion-GAN',
      at: [0.95, 0.47],
      machinery: ['convolution'],
      formula: tex`\min_\theta \max_\phi \sum_t \mathbb E\big[\ln D_\phi(x_{t-1}, x_t, t)\big] + \mathbb E\big[\ln(1 - D_\phi(\hat x_{t-1}, x_t, t))\big]`,
      text: 'Diffusion takes many small steps because only a small step back is simple enough for a bell curve. Here a GAN learns the step back, which may then be large: four instead of a thousand. The noise, in turn, helps the game, since noisy real and noisy generated items overlap and the discriminator cannot win outright.',
      from: ['ddpm', 'gan'],
    },
  ],
};
