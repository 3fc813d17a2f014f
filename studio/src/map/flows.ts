import { type ConceptFamily, tex } from './concept.js';

export const flows: ConceptFamily = {
  id: 'flow',
  title: 'Normalizing flows',
  summary: 'Bend a bell curve into the data, and never lose track of the volume.',
  concepts: [
    {
      id: 'flow',
      title: 'Normalizing flow',
      at: [0.8, 0.82],
      machinery: ['mlp'],
      formula: tex`\ln p(x) = \ln p_Z(f(x)) + \ln \left|\det \frac{\partial f(x)}{\partial x}\right|`,
      text: 'A flow is a chain of reversible steps that stretches and bends a plain bell curve until it has the shape of the data. Each step keeps account of how much it stretches, so the probability of every item is known exactly: no bound, no game. Run it forwards to measure, backwards to draw. The price is that code and data must have the same number of dimensions.',
    },
    {
      id: 'realnvp',
      title: 'RealNVP',
      at: [0.86, 0.77],
      machinery: ['mlp', 'convolution'],
      formula: tex`y_1 = x_1, \qquad y_2 = x_2 \odot e^{s(x_1)} + t(x_1), \qquad \ln|\det J| = \textstyle\sum_i s_i(x_1)`,
      text: 'Its steps are coupling layers: half of the numbers pass through untouched and tell a network how to scale and shift the other half. Undoing that is as easy as doing it, whatever the network looks like, and the stretching is just a sum. The halves change places from layer to layer, so in the end everything has been moved.',
      from: ['flow'],
    },
    {
      id: 'glow',
      title: 'Glow',
      at: [0.92, 0.82],
      machinery: ['convolution'],
      formula: tex`y_{hw} = W x_{hw}, \qquad \ln|\det J| = H\,W\,\ln|\det W|`,
      text: 'A flow for pictures. Between coupling layers it mixes the channels with a learned reversible matrix instead of a fixed shuffle, and replaces batch normalisation with a learned scale and shift. It drew the first convincing large faces with an exact likelihood, and lets you slide a real photograph along directions such as age or smile.',
      from: ['realnvp'],
    },
    {
      id: 'maf',
      title: 'Autoregressive flow',
      at: [0.76, 0.9],
      machinery: ['mlp'],
      formula: tex`z_i = \frac{x_i - \mu_i(x_{<i})}{\sigma_i(x_{<i})}, \qquad \ln|\det J| = -\textstyle\sum_i \ln \sigma_i(x_{<i})`,
      text: 'Each number is scaled and shifted by an amount that depends on the numbers before it. One masked network computes all amounts at once, so measuring is quick; drawing must go number by number. The inverse autoregressive flow turns this around: quick to draw, slow to measure. More supple than coupling layers, at that price.',
      from: ['flow', 'pixelcnn'],
    },
  ],
};
