import { type ConceptFamily, tex } from './concept.js';

export const bridges: ConceptFamily = {
  id: 'bridge',
  title: 'Bridges and measures',
  summary: 'What joins pictures with words, and what tells how good a generator is.',
  concepts: [
    {
      id: 'clip',
      title: 'CLIP',
      at: [0.34, 0.4],
      machinery: ['attention', 'convolution'],
      formula: tex`\mathcal L = -\frac{1}{2N}\sum_i \Big[\ln \frac{e^{s_{ii}/\tau}}{\sum_j e^{s_{ij}/\tau}} + \ln \frac{e^{s_{ii}/\tau}}{\sum_j e^{s_{ji}/\tau}}\Big]`,
      text: 'One network reads pictures, another reads captions, and both write their reading into the same space. In a batch of pairs, each picture must be nearest to its own caption and each caption to its own picture. Afterwards any picture can be compared with any sentence: it is a classifier for classes that are named only later, a search engine, and the compass of many text-to-image models.',
      from: ['bert', 'cnn'],
    },
    {
      id: 'fid',
      title: 'FID',
      at: [0.5, 0.5],
      machinery: ['convolution'],
      formula: tex`\mathrm{FID} = \lVert \mu_r - \mu_g \rVert^2 + \mathrm{tr}\big(\Sigma_r + \Sigma_g - 2(\Sigma_r \Sigma_g)^{1/2}\big)`,
      text: 'No model but a yardstick. Real and generated pictures are shown to a classifier, and its inner features are summed up as two clouds with a mean and a spread. The Fréchet distance between the clouds is small where the pictures are alike in quality and in variety. It depends on the number of pictures and on the classifier, so only figures measured in the same way may be compared.',
      from: ['cnn', 'gaussian-classifier'],
      within: { model: 'cnn', how: 'A measure: genera eval --metrics fid. Its features come from this classifier.' },
    },
  ],
};
