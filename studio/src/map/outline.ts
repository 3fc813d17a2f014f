/** The map as the app holds it: what is needed to draw it at once, and the texts that are loaded when they are read. */
import type { Concept, ConceptFamily } from './concept.js';

/** built: has a page of its own; part: is a part of another model; planned: not built yet. */
export type ConceptState = 'built' | 'part' | 'planned';

export interface ConceptOutline extends Pick<Concept, 'id' | 'title' | 'at' | 'machinery'> {
  readonly from: readonly string[];
  readonly state: ConceptState;
}

export interface FamilyOutline extends Omit<ConceptFamily, 'concepts'> {
  readonly concepts: readonly ConceptOutline[];
}

/** By concept: its paragraph and its formulas as HTML. */
export type ConceptDetails = Readonly<
  Record<string, { text: string; formula: string; live?: string; within?: { model: string; how: string } }>
>;
