import { describe, expect, test } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.js';
import { type FeedAttrs, feedOp } from '../../src/core/leaves.js';
import { Rng } from '../../src/random/rng.js';
import type { Ahead, Job } from '../../src/runtime/ahead.js';
import { FedValue } from '../../src/runtime/fed-value.js';

/** Noise of 16 items of 2100 values, enough to be worth another thread, as a program has it. */
function noise(shape = [16, 2100]): FeedAttrs {
  const { node } = new Rng({ stream: 'test' }).normal(shape);
  expect(node.op).toBe(feedOp);
  return node.attrs as FeedAttrs;
}

/** A thread that answers with marked values, so that it shows whose they are. */
function thread({ works = true } = {}): { ahead: Ahead; steps: number[] } {
  const steps: number[] = [];
  const begin = ({ argument }: Job) => {
    const { step } = (argument as { context: { step: number } }).context;
    steps.push(step);
    return {
      take: ([out]: readonly { fill(value: never): unknown }[]) => {
        if (works) out!.fill((1000 + step) as never);
        return works;
      },
    };
  };
  return { ahead: { begin, share: () => ({ id: 0 }) }, steps };
}

/** Equality of long arrays, which `toEqual` takes seconds for. */
const same = (a: TypedArray, b: TypedArray): boolean => a.length === b.length && a.every((v, i) => v === b[i]);

const at = (step: number, firstRow = 0) => ({ seed: 5, step, firstRow });

describe('a fed value', () => {
  test('is asked for one step ahead once two steps followed each other', () => {
    const { ahead, steps } = thread();
    const value = new FedValue(noise(), ahead);
    value.at(at(1));
    expect(steps).toEqual([]);
    value.at(at(2));
    expect(steps).toEqual([3]);
    expect(value.at(at(3))[0]).toBe(1003);
    expect(value.at(at(4))[0]).toBe(1004);
    expect(steps).toEqual([3, 4, 5]);
  });

  test('is made here where the order changes, and what was prepared is not used', () => {
    const { ahead, steps } = thread();
    const attrs = noise();
    const value = new FedValue(attrs, ahead);
    const expected = new Float32Array(16 * 2100);
    for (const context of [at(1), at(2), at(9), at(10, 16), at(11), { ...at(12), seed: 6 }]) {
      attrs.fill(expected, context);
      expect(same(value.at(context), expected)).toBe(true);
    }
    expect(steps).toEqual([3]);
  });

  test('is made here where the thread fails', () => {
    const attrs = noise();
    const value = new FedValue(attrs, thread({ works: false }).ahead);
    const expected = new Float32Array(16 * 2100);
    for (const step of [1, 2, 3, 4]) {
      attrs.fill(expected, at(step));
      expect(same(value.at(at(step)), expected)).toBe(true);
    }
  });

  test('of few elements is never worth asking', () => {
    const { ahead, steps } = thread();
    const value = new FedValue(noise([16, 8]), ahead);
    for (const step of [1, 2, 3]) value.at(at(step));
    expect(steps).toEqual([]);
  });
});
