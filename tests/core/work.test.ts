import { expect, test } from 'vitest';
import { input } from '../../src/core/leaves.js';
import { workOf } from '../../src/core/work.js';
import '../../src/ops/index.js';

const x = (...shape: number[]) => input('x', { shape, dtype: 'float32' });

test('a product takes as many multiplications as its inner side is long, for each element', () => {
  const [a, b] = [x(8, 100), x(100, 30)];
  expect(workOf([a.matmul(b)]) - workOf([a]) - workOf([b])).toBe(8 * 30 * 100);
});

test('a convolution takes its kernel and channels for each element', () => {
  const [image, kernel] = [x(2, 3, 10, 10), x(16, 3, 5, 5)];
  const y = image.conv2d(kernel, { padding: 'same' });
  expect(workOf([y]) - workOf([image]) - workOf([kernel])).toBe(2 * 16 * 10 * 10 * 3 * 5 * 5);
});

test('what two results share counts once', () => {
  const y = x(4).exp();
  expect(workOf([y.add(1), y.mul(2)])).toBe(workOf([y.add(1)]) + workOf([y.mul(2)]) - workOf([y]));
});
