/** The concept map: every family that genera has or shall have. */
import { autoencoders } from './autoencoders.js';
import { autoregressive } from './autoregressive.js';
import { bridges } from './bridges.js';
import type { Concept, ConceptFamily } from './concept.js';
import { diffusion } from './diffusion.js';
import { discriminative } from './discriminative.js';
import { energy } from './energy.js';
import { flows } from './flows.js';
import { gans } from './gans.js';
import { hybrids } from './hybrids.js';
import { language } from './language.js';
import { reinforcement } from './reinforcement.js';

const families: readonly ConceptFamily[] = [
  autoencoders,
  gans,
  flows,
  hybrids,
  diffusion,
  autoregressive,
  energy,
  bridges,
  discriminative,
  language,
  reinforcement,
];

/** What is known of a model that the map may not have yet. */
export interface ModelSketch {
  readonly id: string;
  readonly title: string;
  readonly family: string;
  readonly summary: string;
}

/** The map with a place for each model: one that no file describes stands in the middle of its family. */
export function conceptMap(models: readonly ModelSketch[]): readonly ConceptFamily[] {
  const known = new Set(families.flatMap((family) => family.concepts.map(({ id }) => id)));
  const missing = models.filter(({ id }) => !known.has(id));
  return families.map((family) => ({
    ...family,
    concepts: [...family.concepts, ...missing.filter((m) => m.family === family.id).map((m) => sketch(m, family))],
  }));
}

function sketch({ id, title, summary }: ModelSketch, { concepts }: ConceptFamily): Concept {
  const middle = (axis: 0 | 1): number => concepts.reduce((sum, c) => sum + c.at[axis], 0) / concepts.length;
  return { id, title, at: [middle(0), middle(1)], machinery: [], formula: '', text: summary };
}
