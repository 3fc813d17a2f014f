/** Recipes are records that can be run: known models, data and metrics, and a source for each range. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findDataSet } from '../src/data/registry.js';
import { metrics } from '../src/metrics/index.js';
import { findModel } from '../src/models/index.js';

const folder = new URL('../recipes/', import.meta.url);

interface Recipe {
  readonly title: string;
  readonly model?: string;
  readonly data: string;
  readonly seed?: number;
  readonly script?: string;
  readonly picture?: readonly string[];
  readonly eval?: readonly string[];
  readonly metrics: Readonly<
    Record<string, { readonly low?: number; readonly high?: number; readonly source: string }>
  >;
}

test.each(readdirSync(folder).filter((file) => file.endsWith('.json')))('%s', (file) => {
  const recipe = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Recipe;
  expect(recipe.title).toMatch(/\S/);
  expect(Object.keys(recipe.metrics).length).toBeGreaterThan(0);
  for (const { low, high, source } of Object.values(recipe.metrics)) {
    expect(source).toMatch(/\S/);
    expect([typeof low, typeof high]).toContain('number');
    if (low !== undefined && high !== undefined) expect(low).toBeLessThanOrEqual(high);
  }
  if (recipe.script !== undefined) {
    expect(existsSync(new URL(recipe.script, folder))).toBe(true);
    return;
  }
  expect(findModel(recipe.model!).id).toBe(recipe.model);
  expect(findDataSet(recipe.data).id).toBe(recipe.data);
  expect(Number.isInteger(recipe.seed)).toBe(true);
  if (recipe.eval === undefined) return;
  const known = metrics.map(({ id }) => id);
  for (const name of Object.keys(recipe.metrics)) expect(known).toContain(name);
});
