/** The rewriting rules that ops bring along: graphs before and after, and that gradients are taken before. */
import { describe, expect, test } from 'vitest';
import { formatGraph } from '../../src/core/graph.js';
import { input, tensor } from '../../src/core/leaves.js';
import { simplify } from '../../src/core/simplify.js';
import type { Tensor } from '../../src/core/tensor.js';
import { concat, grad, where } from '../../src/ops/index.js';

const x = (...shape: number[]): Tensor => input('x', { shape, dtype: 'float32' });
const w = (...shape: number[]): Tensor => input('w', { shape, dtype: 'float32' });

/** Each op in order with the shape it gives, leaves left out. */
function ops(tensors: readonly Tensor[]): string[] {
  return formatGraph(tensors)
    .split('\n')
    .flatMap((line) => {
      const [, shape, op] = /: \w+\[([\d, ]*)\] = (?!input|constant)(\w+)\(/.exec(line) ?? [];
      return op === undefined ? [] : [`${op} [${shape}]`];
    });
}

const rules: readonly [name: string, make: () => Tensor, before: string[], after: string[]][] = [
  [
    'a reshape of a reshape is one',
    () => x(2, 6).reshape([3, 4]).reshape([12]),
    ['reshape [3, 4]', 'reshape [12]'],
    ['reshape [12]'],
  ],
  [
    'a reshape there and back is none',
    () => x(2, 6).reshape([3, 4]).reshape([2, 6]).exp(),
    ['reshape [3, 4]', 'reshape [2, 6]', 'exp [2, 6]'],
    ['exp [2, 6]'],
  ],
  [
    'a transpose of a transpose is one',
    () => x(2, 3, 4).transpose([1, 0, 2]).transpose([0, 2, 1]),
    ['transpose [3, 2, 4]', 'transpose [3, 4, 2]'],
    ['transpose [3, 4, 2]'],
  ],
  [
    'a transpose there and back is none',
    () => x(2, 3).transpose().transpose().exp(),
    ['transpose [3, 2]', 'transpose [2, 3]', 'exp [2, 3]'],
    ['exp [2, 3]'],
  ],
  [
    'the negative of a negative is the number',
    () => x(2).neg().neg().exp(),
    ['neg [2]', 'neg [2]', 'exp [2]'],
    ['exp [2]'],
  ],
  [
    'a product of a transposed matrix takes it as it lies',
    () => x(5, 2).transpose().matmul(w(5, 3)),
    ['transpose [2, 5]', 'matmul [2, 3]'],
    ['gemm [2, 3]'],
  ],
  [
    'a product of stacks keeps its transposes: there is no such form',
    () =>
      x(4, 5, 2)
        .transpose([0, 2, 1])
        .matmul(w(4, 5, 3)),
    ['transpose [4, 2, 5]', 'matmul [4, 2, 3]'],
    ['transpose [4, 2, 5]', 'matmul [4, 2, 3]'],
  ],
  [
    'an expansion of an expansion is one',
    () => x(1, 1).expand([1, 3]).expand([4, 3]).matmul(w(3, 2)),
    ['expand [1, 3]', 'expand [4, 3]', 'matmul [4, 2]'],
    ['reshape []', 'expand [4, 3]', 'matmul [4, 2]'],
  ],
  [
    'what is computed of repeated numbers is computed once and repeated',
    () => x(1, 3).expand([64, 3]).exp().neg().matmul(w(3, 2)),
    ['expand [64, 3]', 'exp [64, 3]', 'neg [64, 3]', 'matmul [64, 2]'],
    ['exp [1, 3]', 'neg [1, 3]', 'expand [64, 3]', 'matmul [64, 2]'],
  ],
  [
    'an operand that is only repeated is broadcast by the operation itself',
    () => x(1, 3).expand([64, 3]).mul(w(64, 3)),
    ['expand [64, 3]', 'mul [64, 3]'],
    ['mul [64, 3]'],
  ],
];

test.each(rules)('%s', (_name, make, before, after) => {
  const built = make();
  expect(ops([built])).toEqual(before);
  const [simple] = simplify([built]);
  expect(ops([simple!])).toEqual(after);
  expect(simple!.shape).toEqual(built.shape);
});

describe('the walk', () => {
  test('goes on until no rule applies', () => {
    let t = x(24);
    for (const shape of [
      [2, 12],
      [3, 8],
      [4, 6],
      [6, 4],
      [8, 3],
      [12, 2],
    ])
      t = t.reshape(shape).neg();
    const after = ops(simplify([t]));
    expect(ops(simplify(simplify([t])))).toEqual(after);
  });

  test('keeps what several read', () => {
    const once = x(2, 6).reshape([12]);
    const both = concat([once.reshape([3, 4]), once.exp().reshape([3, 4])], 0);
    expect(ops(simplify([both])).toSorted()).toEqual(ops([both]).toSorted());
  });

  test('happens after gradients were taken: an inner tensor that is skipped still has one', () => {
    const inner = x(2, 6).reshape([12]);
    const loss = inner.reshape([3, 4]).mul(tensor(2)).sum();
    const [g] = grad(loss, [inner]);
    expect(g!.shape).toEqual([12]);
    expect(ops(simplify([g!]))).not.toEqual([]);
  });

  test('leaves a choice alone whose sides differ', () => {
    const t = where(x(3).greater(0), x(3), 0);
    expect(ops(simplify([t]))).toEqual(ops([t]));
  });
});
