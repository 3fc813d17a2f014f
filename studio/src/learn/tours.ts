/** The guided tours that there are; their steps are loaded when one is taken. */

export interface TourOutline {
  /** In the address: /learn/<id>. */
  readonly id: string;
  readonly title: string;
  /** What it is about, in a sentence. */
  readonly about: string;
  readonly model: string;
}

export const tours: readonly TourOutline[] = [
  {
    id: 'latent-space',
    title: 'What a latent space is',
    about: 'A variational autoencoder squeezes pictures through two numbers.',
    model: 'vae',
  },
  {
    id: 'game',
    title: 'The game of two',
    about: 'A generator and a discriminator play against each other in the plane.',
    model: 'gan',
  },
  {
    id: 'noise',
    title: 'To noise and back',
    about: 'A diffusion model learns to take noise away, until something is left.',
    model: 'ddpm',
  },
];
