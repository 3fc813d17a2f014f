/** What the ops for networks refuse, and how they say it. */
import { describe, expect, it } from 'vitest';
import {
  avgPool2d,
  batchNorm,
  conv1d,
  conv2d,
  convTranspose2d,
  cumsum,
  groupNorm,
  layerNorm,
  maxPool2d,
  pad,
  pixelShuffle,
  pixelUnshuffle,
  resize,
  ShapeError,
  type Tensor,
  topK,
  UsageError,
  zeros,
} from '../../../src/index.js';

const x = zeros([2, 3, 5, 4]);
const w = zeros([6, 3, 3, 3]);

const refused: [what: string, call: () => unknown, kind: typeof ShapeError | typeof UsageError, says: RegExp][] = [
  [
    'a signal as an image',
    () => conv2d(zeros([2, 3, 5]), w),
    ShapeError,
    /conv2d: expected .*\[N, C, H, W\].* got \[2, 3, 5\]/,
  ],
  ['channels that differ', () => conv2d(x, zeros([6, 4, 3, 3])), ShapeError, /conv2d: expected 4 input channels/],
  ['groups that do not divide', () => conv2d(x, w, { groups: 4 }), ShapeError, /4 groups share evenly, got 6/],
  [
    'a kernel larger than the image',
    () => conv2d(x, zeros([6, 3, 7, 3])),
    ShapeError,
    /7 × 3, got 5 × 4 .*[Uu]se more padding/,
  ],
  ['half a pixel of padding', () => conv2d(x, w, { padding: 0.5 }), UsageError, /padding of whole numbers/],
  ['stride 0', () => conv2d(x, w, { stride: 0 }), UsageError, /stride of whole numbers ≥ 1/],
  [
    "'same' with a stride",
    () => conv2d(x, w, { padding: 'same', stride: 2 }),
    UsageError,
    /stride 1 with padding 'same'/,
  ],
  ['a bias per input channel', () => conv2d(x, w, { bias: zeros([3]) }), ShapeError, /bias of shape \[6\], got \[3\]/],
  ['an image as a signal', () => conv1d(x, w), ShapeError, /\[N, C, L\]/],
  [
    'a weight that is not transposed',
    () => convTranspose2d(x, w),
    ShapeError,
    /6 input channels .*input channels first/,
  ],
  [
    'an output padding of a stride',
    () => convTranspose2d(x, zeros([3, 2, 3, 3]), { stride: 2, outputPadding: 2 }),
    UsageError,
    /outputPadding below the stride/,
  ],
  [
    'padding that eats the result',
    () => convTranspose2d(x, zeros([3, 2, 1, 1]), { padding: 3 }),
    ShapeError,
    /-1 × -2/,
  ],
  [
    'windows of padding alone',
    () => maxPool2d(x, { kernel: 2, padding: 2 }),
    UsageError,
    /padding smaller than the kernel/,
  ],
  ['a window larger than the image', () => avgPool2d(x, { kernel: 6 }), ShapeError, /avgPool2d: .*6 × 6, got 5 × 4/],
  ['neither size nor scale', () => resize(x, { mode: 'nearest' }), UsageError, /either size or scale, got neither/],
  [
    'a size of nothing',
    () => resize(x, { scale: 0.1, mode: 'nearest' }),
    UsageError,
    /size of whole numbers ≥ 1, got 0/,
  ],
  ['a mode of another library', () => resize(x, { scale: 2, mode: 'cubic' as 'nearest' }), UsageError, /got 'cubic'/],
  ['channels that make no pixels', () => pixelShuffle(x, 2), ShapeError, /2 × 2 divides/],
  ['pixels that make no channels', () => pixelUnshuffle(x, 2), ShapeError, /2 × 2 divides/],
  [
    'a mirror longer than the axis',
    () => pad(x, [[4, 0]], { mode: 'reflect' }),
    ShapeError,
    /fewer than 4 elements on axis 3/,
  ],
  ['a negative pad', () => pad(x, [[-1, 0]]), UsageError, /whole numbers ≥ 0/],
  [
    'more pads than axes',
    () =>
      pad(zeros([2]), [
        [0, 1],
        [1, 0],
      ]),
    ShapeError,
    /at most 1 pairs/,
  ],
  [
    'a weight of another size',
    () => layerNorm(x, { weight: zeros([5]) }),
    ShapeError,
    /weight of shape \[4\], got \[5\]/,
  ],
  ['no axis to normalize', () => layerNorm(x, { axes: [] }), UsageError, /at least one axis/],
  ['a negative eps', () => layerNorm(x, { eps: -1 }), UsageError, /eps ≥ 0, got -1/],
  ['groups of unequal size', () => groupNorm(x, 2), ShapeError, /2 groups share evenly, got 3/],
  ['a mean without a variance', () => batchNorm(x, { mean: zeros([3]) }), UsageError, /both mean and variance/],
  ['more than there are', () => topK(x, 5), ShapeError, /k in 0…4, .*got 5/],
  ['an axis that is not there', () => cumsum(x, 4), ShapeError, /axis 4/],
];

describe('ops for networks', () => {
  it.each(refused)('refuse %s', (_, call, kind, says) => {
    expect(call).toThrow(says);
    expect(call).toThrow(kind);
  });

  it('are methods', () => {
    const y: Tensor = x.conv2d(w, { padding: 1 }).groupNorm(2).avgPool2d({ kernel: 2 }).layerNorm();
    expect(y.shape).toEqual([2, 6, 2, 2]);
    expect(x.topK(2).indices.dtype).toBe('int32');
  });
});
