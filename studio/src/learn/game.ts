/** A generative adversarial network on eight heaps of points. */
import { panels, type Tour } from './tour.js';

const tour: Tour = {
  choice: 'v=1&seed=2&paused=1',
  steps: [
    {
      title: 'A forger and a critic',
      text: [
        'Two networks learn here. The generator makes points out of noise. The discriminator is shown real points and made ones, and has to tell which is which.',
        'Neither is told what the data look like.',
      ],
      at: panels.settings,
      act: (lab) => lab.fresh(),
    },
    {
      title: 'The board',
      text: [
        'Green: the real points, in eight heaps. Violet: what the generator makes, still one lump.',
        'The ground shows what the discriminator believes, red for real and blue for made. It knows nothing yet.',
      ],
      at: panels.pictures,
      act: (lab) => lab.tab('The game in the plane'),
    },
    {
      title: 'The game is on',
      text: [
        'Both train in turns. Each arrow shows where a made point is pushed: to where the discriminator is easier to deceive.',
        'Watch the violet points run to the red, and the red move away.',
      ],
      at: panels.pictures,
      act: async (lab) => {
        await lab.tab('The game in the plane');
        await lab.play();
      },
    },
    {
      title: 'No loss that falls',
      text: [
        'These curves do not sink as elsewhere, for what one of the two wins the other loses. They swing, and the best end is a draw: the discriminator can only guess.',
      ],
      at: panels.losses,
    },
    {
      title: 'Who is believed?',
      text: [
        'How often which score is given: green to real points, violet to made ones. At a draw the two heaps lie upon each other.',
      ],
      at: panels.pictures,
      act: async (lab) => {
        await lab.play();
        await lab.tab('Scores');
      },
    },
    {
      title: 'Has it found them all?',
      text: [
        'A generator that makes only what has always worked forgets the rest: modes collapse. Here the points in each of the eight heaps are counted.',
        'Try the preset “weak” or “frozen” on the left, and see heaps get lost.',
      ],
      at: panels.pictures,
      act: (lab) => lab.tab('Modes'),
    },
  ],
};

export default tour;
