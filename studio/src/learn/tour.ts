/** What a tour is made of. */
import type { Lab } from './lab.js';

export interface Step {
  readonly title: string;
  /** Paragraphs. */
  readonly text: readonly string[];
  /** What it speaks of: a selector of a panel of the model's page. */
  readonly at?: string;
  /** Brings the page to where the step speaks of it. */
  act?(lab: Lab): Promise<void>;
}

export interface Tour {
  /** Settings of the model, as in its address. */
  readonly choice: string;
  readonly steps: readonly Step[];
}

/** The panels that steps speak of. */
export const panels = {
  settings: '.settings',
  pictures: '.stage',
  samples: '[data-samples]',
  losses: '.losses',
  formula: '.live-formula',
  timeline: '.transport',
} as const;
