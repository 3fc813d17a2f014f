import { describe, expect, test } from 'vitest';
import { gradientWalk } from '../../src/core/gradient.js';
import { formatGraph, topologicalOrder } from '../../src/core/graph.js';
import { input, tensor } from '../../src/core/leaves.js';
import { apply, applyMany, type Op, type Tensor } from '../../src/core/tensor.js';
import { add, grad, ones } from '../../src/ops/index.js';

const x = (name = 'x') => input(name, { shape: [2], dtype: 'float32' });
const names = (t: Tensor): string[] => topologicalOrder([t]).map((node) => node.op.name);

/** An op that counts how often its gradient is asked for, and what it was told. */
function probe(calls: { needs: boolean[]; grads: (Tensor | undefined)[] }[]): Op<null> {
  return {
    name: 'probe',
    infer: (inputs) => inputs.map(({ shape, dtype }) => ({ shape, dtype })),
    vjp: ({ inputs, grads, needs }) => {
      calls.push({ needs: inputs.map((_, i) => needs(i)), grads: [...grads] });
      return inputs.map((_, i) => (needs(i) ? (grads[i] ?? null) : null));
    },
    lower: ({ inputs }) => inputs,
  };
}

describe('gradientWalk', () => {
  test('is undefined where nothing depends on a tensor', () => {
    const [a, b] = [x('a'), x('b')];
    const y = a.exp();
    const [da, db] = gradientWalk([y], [ones([2])], [a, b], add);
    expect(da).toBeDefined();
    expect(db).toBeUndefined();
  });

  test('the gradient of a tensor by itself is its cotangent', () => {
    const [a, c] = [x('a'), x('c')];
    expect(gradientWalk([a], [c], [a], add)).toEqual([c]);
  });

  test('sums over all paths, each node walked once', () => {
    const calls: Parameters<typeof probe>[0] = [];
    const a = x();
    const y = apply(probe(calls), [a], null);
    const [da] = gradientWalk([y.mul(y).add(y)], [ones([2])], [a], add);
    expect(calls).toHaveLength(1);
    expect(names(da!).filter((name) => name === 'add')).toHaveLength(2);
  });

  test('several outputs add up', () => {
    const [a, c, d] = [x('a'), x('c'), x('d')];
    const [da] = gradientWalk([a, a], [c, d], [a], add);
    expect(formatGraph([da!])).toContain('add(%0, %1)');
  });

  test('leaves out what no asked tensor leads to', () => {
    const calls: Parameters<typeof probe>[0] = [];
    const [a, b] = [x('a'), x('b')];
    const op = probe(calls);
    const both = apply(op, [a, b.exp()], null);
    grad(both.sum(), a);
    expect(calls[0]!.needs).toEqual([true, false]);
    grad(apply(op, [b, b], null).sum(), a);
    expect(calls).toHaveLength(1);
  });

  test('an output that no gradient reaches is undefined', () => {
    const calls: Parameters<typeof probe>[0] = [];
    const [a, b] = [x('a'), x('b')];
    const [, second] = applyMany(probe(calls), [a, b], null);
    const [da, db] = grad(second!.sum(), [a, b]);
    expect(calls[0]!.grads.map((g) => g === undefined)).toEqual([true, false]);
    expect(names(da!)).toEqual(['constant', 'expand']);
    expect(db!.shape).toEqual([2]);
  });

  test('intermediate tensors can be asked for, beside what they depend on', () => {
    const a = x();
    const middle = a.exp();
    const [da, dm] = grad(middle.sin().sum(), [a, middle]);
    expect(names(dm!)).toContain('cos');
    expect(names(dm!).filter((name) => name === 'exp')).toHaveLength(1);
    expect(names(da!).length).toBeGreaterThan(names(dm!).length);
  });

  test('stops at integers, masks and stopGradient', () => {
    const a = x();
    for (const y of [a.cast('int32').cast('float32'), a.greater(0).cast('float32'), a.stopGradient()]) {
      expect(gradientWalk([y], [ones([2])], [a], add)).toEqual([undefined]);
    }
  });

  test('catches a cotangent or a gradient of another shape or dtype', () => {
    const a = x();
    expect(() => gradientWalk([a], [ones([3])], [a], add)).toThrow('gradient: expected [2], got [3].');
    const wrong: Op<null> = { ...probe([]), name: 'wrong', vjp: () => [ones([3])] };
    expect(() => grad(apply(wrong, [a], null).sum(), a)).toThrow('gradient of wrong, input 0: expected [2], got [3].');
    const whole: Op<null> = { ...probe([]), name: 'whole', vjp: () => [ones([2], 'int32')] };
    expect(() => grad(apply(whole, [a], null).sum(), a)).toThrow('expected float32, got int32');
  });
});

describe('grad', () => {
  test('of a scalar only, unless a cotangent is given', () => {
    const a = x();
    expect(() => grad(a.exp(), a)).toThrow(
      'grad: expected a scalar, got [2]. Reduce it with sum() or mean(), or pass a cotangent.',
    );
    expect(grad(a.exp(), a, { cotangent: ones([2]) }).shape).toEqual([2]);
    expect(grad(a.exp().sum(0, { keepDims: true }), a).shape).toEqual([2]);
  });

  test('has the shape of what is asked for, zeros where nothing depends', () => {
    const [a, b] = [x('a'), input('b', { shape: [3, 1], dtype: 'float32' })];
    const grads = grad(a.sum(), [a, b]);
    expect(grads.map((g) => g.shape)).toEqual([[2], [3, 1]]);
  });

  test('refuses integers and masks', () => {
    const i = tensor(Int32Array.of(1, 2));
    expect(() => grad(i.sum(), i)).toThrow(
      'grad: expected float32 tensors, got Tensor(int32[] from sum). Integers and masks have no gradient.',
    );
    expect(() => grad(x().sum(), i)).toThrow('Tensor(int32[2] from constant)');
  });
});
