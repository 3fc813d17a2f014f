/** Convolutions are rewritten for executors that keep images in blocks of channels. Graphs before and after. */
import { describe, expect, test } from 'vitest';
import { formatGraph } from '../../src/core/graph.js';
import { input } from '../../src/core/leaves.js';
import { simplify } from '../../src/core/simplify.js';
import type { Tensor } from '../../src/core/tensor.js';
import { conv2d, grad } from '../../src/ops/index.js';

const image = (...shape: number[]): Tensor => input('x', { shape, dtype: 'float32' });
const weight = (...shape: number[]): Tensor => input('w', { shape, dtype: 'float32' });
const after = (t: Tensor, block = 4): string[] => formatGraph(simplify([t], { block })).split('\n');
/** Names of the ops in order, leaves and reshapes left out. */
const ops = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => /= (?!input|constant|reshape)(\w+)\(/.exec(line)?.[1] ?? []);

describe('with blocks of 4 channels', () => {
  test('a convolution', () => {
    const y = conv2d(image(2, 8, 5, 5), weight(4, 8, 3, 3), { padding: 1 });
    expect(formatGraph([y]).split('\n')[2]).toContain('%2: float32[2, 4, 5, 5] = convolution(%0, %1)');
    expect(after(y)).toEqual([
      '%0: float32[2, 8, 5, 5] = input() {x}',
      '%1: float32[4, 8, 3, 3] = input() {w}',
      '%2: float32[2, 2, 5, 5, 4] = toBlocks(%0) {block: 4}',
      '%3: float32[1, 4, 72, 1] = reshape(%1) {shape: [1, 4, 72, 1]}',
      '%4: float32[1, 1, 72, 1, 4] = toBlocks(%3) {block: 4}',
      '%5: float32[1, 2, 4, 9, 4] = reshape(%4) {shape: [1, 2, 4, 9, 4]}',
      '%6: float32[1, 2, 9, 4, 4] = transpose(%5) {permutation: [0, 1, 3, 2, 4]}',
      '%7: float32[1, 2, 3, 3, 4, 4] = reshape(%6) {shape: [1, 2, 3, 3, 4, 4]}',
      '%8: float32[2, 1, 5, 5, 4] = blockedConvolution(%2, %7) {stride: [1, 1], padding: [[1, 1], [1, 1]], ' +
        'dilation: [1, 1], groups: 1}',
      '%9: float32[2, 4, 5, 5] = fromBlocks(%8) {channels: 4}',
      'return %9',
    ]);
  });

  test('an image of fewer channels than a block stays as it is', () => {
    expect(ops(after(conv2d(image(2, 3, 5, 5), weight(4, 3, 3, 3))))).toEqual([
      'toBlocks',
      'blockedConvolution',
      'fromBlocks',
    ]);
  });

  test('blocks stay blocks from convolution to convolution', () => {
    const y = conv2d(image(2, 4, 5, 5), weight(8, 4, 3, 3))
      .sigmoid()
      .mul(2);
    const z = conv2d(y, input('v', { shape: [4, 8, 1, 1], dtype: 'float32' }));
    const names = ops(after(z));
    expect(names.filter((name) => name === 'fromBlocks')).toHaveLength(1);
    expect(names.filter((name) => !['toBlocks', 'transpose'].includes(name))).toEqual([
      'blockedConvolution',
      'sigmoid',
      'mul',
      'blockedConvolution',
      'fromBlocks',
    ]);
  });

  test('channels that only fill up a block are left out before they are computed with', () => {
    const lines = after(conv2d(image(2, 4, 5, 5), weight(6, 4, 3, 3)).reciprocal());
    expect(ops(lines).slice(-2)).toEqual(['fromBlocks', 'reciprocal']);
  });

  test('the gradient of an image with stride 2 is four convolutions, dovetailed', () => {
    const x = image(2, 4, 6, 6);
    const y = conv2d(x, weight(4, 4, 4, 4), { stride: 2, padding: 1 });
    const [gx] = grad(y.sum(), [x]);
    expect(ops(formatGraph([gx!]).split('\n')).at(-1)).toBe('convolutionInput');
    const names = ops(after(gx!));
    expect(names.filter((name) => name === 'blockedConvolution')).toHaveLength(4);
    expect(names.filter((name) => name === 'concat')).toHaveLength(3);
    expect(names).not.toContain('convolutionInput');
  });

  test('the gradient of a weight is a convolution in which items and channels change places', () => {
    const w = weight(4, 8, 3, 3);
    const y = conv2d(image(4, 8, 5, 5), w, { padding: 1 });
    const [gw] = grad(y.square().sum(), [w]);
    const line = after(gw!).find((text) => text.includes('[8, 1, 3, 3, 4]'));
    expect(line).toContain('blockedConvolution');
  });

  test('what the blocked kernel does not do well stays as it is', () => {
    const x = image(4, 8, 6, 6);
    expect(ops(after(conv2d(x, weight(8, 2, 3, 3), { groups: 4 })))).toEqual(['convolution']);
    expect(ops(after(conv2d(x, weight(2, 8, 3, 3))))).toEqual(['convolution']);
    const w = weight(8, 8, 1, 1);
    expect(ops(after(grad(conv2d(x, w).square().sum(), [w])[0]!))).toContain('convolutionWeight');
  });
});

test('without blocks, for files, nothing of this happens', () => {
  const y = conv2d(image(2, 8, 5, 5), weight(4, 8, 3, 3));
  expect(ops(formatGraph(simplify([y])).split('\n'))).toEqual(['convolution']);
});
