import { type ConceptFamily, tex } from './concept.js';

export const energy: ConceptFamily = {
  id: 'energy',
  title: 'Energy models',
  summary: 'Low energy where the data is, high energy elsewhere.',
  concepts: [
    {
      id: 'boltzmann',
      title: 'Boltzmann machine',
      at: [0.55, 0.99],
      machinery: ['none'],
      formula: tex`p(s) = \frac{1}{Z} e^{-E(s)}, \qquad E(s) = -\sum_{i<j} w_{ij} s_i s_j - \sum_i b_i s_i`,
      text: 'A set of switches that influence each other, borrowed from the physics of magnets. Every arrangement has an energy, and arrangements of low energy turn up more often. Learning lowers the energy of what the data shows and raises that of what the machine dreams up by itself. Beautiful and slow: the sum Z over all arrangements is out of reach, and dreaming takes long.',
    },
    {
      id: 'rbm',
      title: 'RBM',
      at: [0.62, 0.74],
      machinery: ['none'],
      formula: tex`E(v,h) = -b^\top v - c^\top h - v^\top W h, \qquad p(h_j{=}1\mid v) = \sigma\big(c_j + (v^\top W)_j\big)`,
      text: 'The restricted Boltzmann machine allows links only between seen and hidden units, never within a layer. Then all hidden units can be drawn at once given the picture, and the picture given them. A few such exchanges, starting at the data, are enough to learn from (contrastive divergence). Each hidden unit becomes a detector of some stroke or blob.',
      from: ['boltzmann'],
    },
    {
      id: 'dbn',
      title: 'Deep belief net',
      at: [0.48, 0.82],
      machinery: ['none', 'mlp'],
      formula: tex`p(v, h^1, \dots, h^L) = p(h^{L-1}, h^L) \prod_{k=1}^{L-1} p(h^{k-1} \mid h^k)`,
      text: 'Restricted Boltzmann machines stacked one on another: the hidden units of one are the data of the next, trained layer by layer from below. In 2006 this was the first dependable way to train deep networks; a classifier that started from such layers beat one that started from chance. Better starts and more data later made the detour unnecessary.',
      from: ['rbm'],
    },
  ],
};
