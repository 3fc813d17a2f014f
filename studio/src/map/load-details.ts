/** Texts and formulas of a family, loaded when they are first read, with the style sheet of formulas. */

import { details } from 'virtual:concepts';
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ConceptDetails } from './outline.js';

const loaded = signal<Readonly<Record<string, ConceptDetails>>>({});
const asked = new Set<string>();

async function load(family: string): Promise<void> {
  if (asked.has(family)) return;
  asked.add(family);
  try {
    const [module] = await Promise.all([details[family]!(), import('./formula-style.js')]);
    loaded.value = { ...loaded.peek(), [family]: module.default };
  } catch {
    asked.delete(family);
  }
}

export function useDetails(family: string): ConceptDetails | undefined {
  useEffect(() => void load(family), [family]);
  return loaded.value[family];
}
