import { describe, expect, test } from 'vitest';
import { constant, cosine, linear, oneCycle, type Schedule, step, warmUp } from '../../src/optim/index.js';
import { fixture } from './fixture.js';

/** The schedules of fixtures/optim.py. */
const schedules: Readonly<Record<string, Schedule>> = {
  linear: linear(0.5, { to: 0.1, steps: 10 }),
  cosine: cosine(0.3, { to: 0.01, steps: 29 }),
  step: step(0.3, { every: 7, factor: 0.5 }),
  'warmUp cosine': warmUp(5, cosine(0.3, { to: 0.01, steps: 24 })),
  oneCycle: oneCycle(0.4, { steps: 30 }),
  'oneCycle linear': oneCycle(0.4, { steps: 30, rise: 0.2, startDivisor: 10, endDivisor: 100, shape: 'linear' }),
  'oneCycle threePhases': oneCycle(0.4, { steps: 30, rise: 0.4, threePhases: true }),
};

test.each(Object.entries(schedules))("%s gives PyTorch's rates", (name, schedule) => {
  fixture.schedules[name]!.forEach((rate, t) => {
    expect(schedule(t + 1), `step ${t + 1}`).toBeCloseTo(rate, 12);
  });
});

describe('ends and joints', () => {
  test('constant', () => {
    expect([1, 2, 1e6].map(constant(0.1))).toEqual([0.1, 0.1, 0.1]);
  });

  test('a schedule that has ended keeps its last rate', () => {
    expect(linear(1, { steps: 4 })(5)).toBe(0);
    expect(linear(1, { to: 0.5, steps: 4 })(100)).toBe(0.5);
    expect(cosine(1, { to: 0.5, steps: 4 })(5)).toBe(0.5);
    expect(cosine(1, { to: 0.5, steps: 4 })(9)).toBe(0.5);
    const cycle = oneCycle(1, { steps: 10 });
    expect(cycle(10)).toBeCloseTo(1 / 25e4, 12);
    expect(cycle(50)).toBe(cycle(10));
  });

  test('warm-up rises by equal amounts, meets its peak once, and hands over', () => {
    expect([1, 2, 3, 4, 5, 6].map(warmUp(3, step(1, { every: 2, factor: 0.5 })))).toEqual([0.25, 0.5, 0.75, 1, 1, 0.5]);
    expect([1, 2].map(warmUp(0, constant(2)))).toEqual([2, 2]);
  });
});

test('mistakes are named', () => {
  expect(() => constant(-1)).toThrow('constant, rate: expected a finite number ≥ 0, got -1.');
  expect(() => linear(1, { steps: 0 })).toThrow('linear, steps: expected a whole number ≥ 1, got 0.');
  expect(() => cosine(1, { steps: 1.5 })).toThrow('cosine, steps');
  expect(() => step(1, { every: 0 })).toThrow('step, every');
  expect(() => warmUp(-1, constant(1))).toThrow('warmUp, steps');
  expect(() => oneCycle(1, { steps: 2 })).toThrow('oneCycle: expected room for each phase');
  expect(() => oneCycle(1, { steps: 30, rise: 0.6, threePhases: true })).toThrow('room for each phase');
  expect(() => oneCycle(1, { steps: 30, rise: 1 })).toThrow('room for each phase');
});
