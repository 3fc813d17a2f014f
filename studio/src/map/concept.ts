/** What the concept map is made of. Each family has a file with its concepts; what is built is not said here but found. */

/** What a method computes with. */
export type Machinery = 'none' | 'linear' | 'mlp' | 'convolution' | 'recurrence' | 'attention' | 'counts' | 'trees';

export interface Concept {
  /** The model's id in genera, where there is one or shall be one. */
  readonly id: string;
  readonly title: string;
  /** From discriminative (0) to generative (1), and from deterministic (0) to probabilistic (1). */
  readonly at: readonly [x: number, y: number];
  readonly machinery: readonly Machinery[];
  /** TeX. */
  readonly formula: string;
  /** TeX with \live{metric} where the numbers of a run belong. */
  readonly live?: string;
  /** What it is, for somebody who hears of it for the first time. */
  readonly text: string;
  /** Ids of what it grows out of. */
  readonly from?: readonly string[];
  /** Where genera has it as a part of another model, as a measure or a sampler. */
  readonly within?: { readonly model: string; readonly how: string };
}

export interface ConceptFamily {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly concepts: readonly Concept[];
}

/** Keeps backslashes, joins the lines of a formula. */
export const tex = (strings: TemplateStringsArray): string => String.raw(strings).replace(/\s+/g, ' ').trim();
