/** What a latent space is, by a variational autoencoder with two numbers in its middle. */
import { panels, type Tour } from './tour.js';

const tour: Tour = {
  choice: 'v=1&seed=1&latent=2&epochs=6&paused=1',
  steps: [
    {
      title: 'Two numbers for a picture',
      text: [
        'Each picture of a digit has 784 pixels. This model has to press it through just two numbers, and to draw it again from them alone.',
        'Whoever can do that must have understood what makes one digit differ from another.',
      ],
      at: panels.settings,
      act: (lab) => lab.fresh(),
    },
    {
      title: 'It begins to learn',
      text: [
        'Training has begun, here in your browser. Upper row: pictures it has never seen. Lower row: what it draws of them.',
        'First they all look the same, a blur: the mean of all digits. Within seconds they come apart.',
      ],
      at: panels.pictures,
      act: async (lab) => {
        await lab.tab('Reconstruction');
        await lab.play();
      },
    },
    {
      title: 'Two goals that pull',
      text: [
        'The first number says how well the pixels are restored, the second (KL) how far the codes have moved from a plain cloud around 0.',
        'Good pictures need codes that differ; the second goal keeps them together, so that no place between them is empty.',
      ],
      at: panels.formula,
    },
    {
      title: 'The map of all digits',
      text: [
        'This is the latent space: right and up are the two numbers. Each dot is a picture, each colour a digit.',
        'Behind the dots stands what the model draws for every place. Digits that look alike have become neighbours, and nobody has told it what a digit is.',
      ],
      at: panels.pictures,
      act: async (lab) => {
        await lab.play();
        await lab.tab('Latent space');
      },
    },
    {
      title: 'Walking through it',
      text: [
        'Because the space has no holes, one can walk. From left to right the code moves from one picture to another, and every stage on the way is a picture, too.',
        'Choose two others below.',
      ],
      at: panels.pictures,
      act: (lab) => lab.tab('Between two'),
    },
    {
      title: 'Making new ones',
      text: [
        'To make a picture that nobody has drawn, take any place on the map and decode it. These samples do just that, always with the same places, so that you see them grow.',
        'That is a generative model. Drag the timeline back to see it at its beginnings.',
      ],
      at: panels.samples,
    },
  ],
};

export default tour;
