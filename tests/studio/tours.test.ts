import { expect, test } from 'vitest';
import { dataSets as dataRecords } from '../../src/data/registry.js';
import { models } from '../../src/models/index.js';
import { describeData, describeModel } from '../../studio/build/models.js';
import { arrowScale } from '../../studio/src/family/gan/arrows.js';
import game from '../../studio/src/learn/game.js';
import latentSpace from '../../studio/src/learn/latent-space.js';
import noise from '../../studio/src/learn/noise.js';
import type { Tour } from '../../studio/src/learn/tour.js';
import { tours } from '../../studio/src/learn/tours.js';
import { readChoice, writeChoice } from '../../studio/src/settings/choice.js';

const dataSets = describeData(dataRecords);
const taken: Readonly<Record<string, Tour>> = { 'latent-space': latentSpace, game, noise };

test.each(tours)(
  'the tour $id has settings that its model takes, and steps with words of their own',
  ({ id, model }) => {
    const { choice, steps } = taken[id]!;
    const described = describeModel(models.find((record) => record.id === model)!);
    const reading = readChoice(described, dataSets, choice);
    expect(reading.problems).toEqual([]);
    expect(writeChoice(described, dataSets, reading.choice)).toBe(choice);
    expect(reading.choice.paused).toBe(true); // the tour says when it trains
    expect(steps.length).toBeGreaterThanOrEqual(5);
    expect(new Set(steps.map(({ title }) => title)).size).toBe(steps.length);
    for (const { text } of steps) expect(text.join(' ').length).toBeLessThan(420); // short enough to be read
  },
);

test('arrows: nine of ten are at most 30 pixels long, and standing still is no arrow', () => {
  const directions = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? (i + 2) / 2 : 0)); // lengths 1 … 100
  const scale = arrowScale(directions);
  const lengths = directions.filter((_, i) => i % 2 === 0).map((length) => length * scale);
  expect(lengths.filter((length) => length <= 30 + 1e-9)).toHaveLength(90);
  expect(arrowScale(new Array(20).fill(0))).toBe(0);
});
