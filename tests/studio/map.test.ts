import { describe, expect, test } from 'vitest';
import { models } from '../../src/models/index.js';
import { renderFormula } from '../../studio/build/formulas.js';
import { conceptMap } from '../../studio/src/map/index.js';
import { layOut, neighbour } from '../../studio/src/map/layout.js';
import type { ConceptOutline } from '../../studio/src/map/outline.js';

const families = conceptMap(models);
const concepts = families.flatMap((family) => family.concepts.map((concept) => ({ ...concept, family: family.id })));
const ids = concepts.map(({ id }) => id);

/** What the map has to tell of, whether it is built or not. */
const mission = [
  ['ae', 'dae', 'vae', 'beta-vae', 'vq-vae', 'cvae', 'db-vae'],
  ['gan', 'dcgan', 'wgan-gp', 'sngan', 'cgan', 'pix2pix', 'cyclegan', 'stylegan', 'flow'],
  ['vae-gan', 'flow-gan', 'diffusion-gan', 'ddpm', 'ddim', 'guidance', 'latent-diffusion', 'dit', 'dalle', 'imagen'],
  ['ngram', 'lstm', 'gpt', 'pixelcnn', 'pixelrnn', 'bert', 'boltzmann', 'rbm', 'dbn', 'clip', 'fid'],
  ['regression', 'logistic', 'perceptron', 'svm', 'knn', 'forest', 'naive-bayes', 'gaussian-classifier', 'cnn'],
  ['pre-training', 'instruction-tuning', 'rlhf', 'lora', 'prompting', 'knn-lm', 'retro', 'corpus', 'scaling-laws'],
  ['calibration', 'dynamic-programming', 'monte-carlo', 'q-learning', 'dqn', 'reinforce', 'actor-critic', 'ppo'],
].flat();

describe('the concept map', () => {
  test('has a place for every model, and for all that the mission names', () => {
    expect(ids).toEqual(expect.arrayContaining(models.map(({ id }) => id)));
    expect(ids).toEqual(expect.arrayContaining(mission));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('the models that are there today have words and formulas of their own', () => {
    const own = new Set(conceptMap([]).flatMap((family) => family.concepts.map(({ id }) => id)));
    expect(models.map(({ id }) => id).filter((id) => !own.has(id))).toEqual([]);
  });

  test('a model that no file describes stands in its family, with its summary', () => {
    const sketch = { id: 'new-flow', title: 'New flow', family: 'flow', summary: 'It is new.' };
    const found = conceptMap([sketch])
      .find(({ id }) => id === 'flow')!
      .concepts.at(-1)!;
    expect(found).toMatchObject({ id: 'new-flow', title: 'New flow', text: 'It is new.' });
    expect(found.at.every((part) => part > 0 && part < 1)).toBe(true);
  });

  test.each(concepts.map((concept) => [concept.id, concept] as const))('%s is told in full', (_, concept) => {
    expect(concept.text.split(/\s+/).length).toBeGreaterThan(35);
    expect(renderFormula(concept.formula)).toContain('katex');
    for (const part of concept.at) expect(part >= 0 && part <= 1).toBe(true);
    for (const origin of concept.from ?? []) expect(ids).toContain(origin);
    if (concept.within !== undefined) expect(models.map(({ id }) => id)).toContain(concept.within.model);
  });

  test('live formulas have places for numbers', () => {
    const live = concepts.filter((concept) => concept.live !== undefined);
    expect(live.map(({ id }) => id)).toEqual(expect.arrayContaining(['vae', 'gan', 'ddpm', 'gpt']));
    for (const { live: formula } of live) expect(renderFormula(formula!)).toMatch(/data-metric="[^"]+"/);
  });

  test('a formula that is wrong is an error, and so is markup in it', () => {
    expect(() => renderFormula('\\frac{1}{')).toThrow();
    expect(() => renderFormula('\\nosuchmacro')).toThrow();
    expect(renderFormula('\\href{javascript:alert(1)}{x}')).not.toContain('<a ');
  });
});

describe('the layout', () => {
  const outline = concepts as unknown as ConceptOutline[];
  const widths = new Map(concepts.map(({ id, title }) => [id, 7.4 * title.length + 34]));

  test.each([
    [1340, 570],
    [950, 570],
  ])('no two names cover each other on %d × %d', (width, height) => {
    const boxes = layOut(outline, { width, height, tall: 28, widths });
    expect(boxes).toHaveLength(concepts.length);
    for (const [i, a] of boxes.entries()) {
      expect(a.x - a.halfWidth).toBeGreaterThanOrEqual(-0.5);
      expect(a.x + a.halfWidth).toBeLessThanOrEqual(width + 0.5);
      for (const b of boxes.slice(i + 1)) {
        const apart = Math.abs(a.x - b.x) >= a.halfWidth + b.halfWidth - 1 || Math.abs(a.y - b.y) >= 27;
        expect(apart, `${a.id} and ${b.id}`).toBe(true);
      }
    }
  });

  test('arrow keys lead to every name', () => {
    const boxes = layOut(outline, { width: 1340, height: 570, tall: 28, widths });
    const reached = new Set([ids[0]!]);
    for (const id of reached) {
      for (const way of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const) {
        const next = neighbour(boxes, id, way);
        if (next !== undefined) reached.add(next);
      }
    }
    expect(reached.size).toBe(ids.length);
  });
});
