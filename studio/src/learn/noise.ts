/** Diffusion on small pictures: noise is added by rule and taken away by what has been learnt. */
import { panels, type Tour } from './tour.js';

const tour: Tour = {
  choice: 'v=1&seed=1&epochs=1&width=16&timesteps=200&paused=1',
  steps: [
    {
      title: 'Easy to spoil, hard to mend',
      text: [
        'To turn a picture into noise takes no skill: add a little noise, again and again. The way back is what this model learns.',
        'If it can take away a little noise at every stage, it can begin with noise alone and end with a picture.',
      ],
      at: panels.settings,
      act: (lab) => lab.fresh(),
    },
    {
      title: 'To noise',
      text: [
        'Here is a picture on its way to noise. Move the slider to the left, and the picture is whole; to the right, and less and less of it is left.',
        'You may drop a picture of your own here.',
      ],
      at: panels.pictures,
      act: async (lab) => {
        await lab.tab('Your image');
        await lab.slide('On the way', 0.35);
      },
    },
    {
      title: 'Learning to find the noise',
      text: [
        'In each step of training the model sees noisy pictures and guesses the noise that was added. The loss is how far it was off: near 1 it knows nothing.',
        'It is a network of some size, so each step takes its time.',
      ],
      at: panels.losses,
      act: (lab) => lab.play(),
    },
    {
      title: 'From noise to a picture',
      text: [
        'Three views of the way back: what it holds, what it takes for noise, and what it thinks will be left in the end.',
        'Move the slider: the guess at the right is a blur first, and gets sharp as the noise goes.',
      ],
      at: panels.pictures,
      act: async (lab) => {
        await lab.play();
        await lab.tab('From noise');
        await lab.slide('On the way', 0.5);
      },
    },
    {
      title: 'Two ways from the same noise',
      text: [
        'DDPM throws in new noise at every step of the way back; DDIM does not. Both begin with the same noise, and part.',
        'Without new noise the way is smooth, so a few large steps do.',
      ],
      at: panels.pictures,
      act: (lab) => lab.tab('DDPM ‖ DDIM'),
    },
    {
      title: 'Let it train on',
      text: [
        'These samples grow with training, always from the same noise. Come back in some minutes: your run is kept in this browser.',
      ],
      at: panels.timeline,
    },
  ],
};

export default tour;
