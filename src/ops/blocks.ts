/**
 * Blocked images: [N, C/b, H, W, b], b channels of a pixel side by side, as many as the processor works on at once. ONNX
 * Runtime's CPU kernels convolve images in this order directly, at the speed of a matrix product, where its plain Conv
 * copies every window first (64 → 64 channels, 28 × 28, batch 32, one core: 17 ms instead of 25; 128 → 128, 7 × 7: 4.0
 * instead of 7.5). It uses them itself for networks whose weights are constants; here simplification brings them in.
 *
 * The two ops of this file go there and back. They need no gradient, since simplification comes after differentiation.
 */
import { at, sameShape } from '../core/shape.js';
import { apply, type Op, type Tensor } from '../core/tensor.js';
import { isFrom, reshape } from './movement.js';

/** Of ONNX Runtime's own operators; see `Target.block`. */
export const blockedDomain = 'com.microsoft.nchwc';

const toBlocksOp: Op<{ block: number }> = {
  name: 'toBlocks',
  infer: ([x], { block }) => {
    const [n, c, h, w] = x!.shape as readonly [number, number, number, number];
    return [{ shape: [n, Math.ceil(c / block), h, w, block], dtype: 'float32' }];
  },
  // There and back is nothing, if it left no channels out.
  simplify: ({ node: { inputs, attrs } }) => {
    const x = inputs[0]!;
    const { block } = attrs as { block: number };
    const inner = blocksOf(x);
    return inner !== null && at(inner.shape, -1) === block && x.shape[1]! % block === 0 ? inner : null;
  },
  lower: ({ inputs, outputs: [y], emit, ints }) => [
    emit('Reshape', [emit(`${blockedDomain}:ReorderInput`, inputs), ints(y!.shape)]),
  ],
};

/** [N, C, H, W] → [N, ⌈C/block⌉, H, W, block], with zeros for channels that are missing. C must be a multiple of 4. */
export function toBlocks(x: Tensor, block: number): Tensor {
  return apply(toBlocksOp, [x], { block });
}

const fromBlocksOp: Op<{ channels: number }> = {
  name: 'fromBlocks',
  infer: ([x], { channels }) => {
    const [n, , h, w] = x!.shape as readonly number[];
    return [{ shape: [n!, channels, h!, w!], dtype: 'float32' }];
  },
  lower: ({ inputs: [x], types: [type], attrs, emit, ints }) => {
    const [n, c, h, w, block] = type!.shape as readonly [number, number, number, number, number];
    return [emit(`${blockedDomain}:ReorderOutput`, [emit('Reshape', [x!, ints([n, c * block, h, w])])], { ...attrs })];
  },
};

/** [N, C′, H, W, block] → [N, channels, H, W], without the channels beyond. */
export function fromBlocks(x: Tensor, channels: number): Tensor {
  return apply(fromBlocksOp, [x], { channels });
}

/** The blocked form of an image that comes from one; else null. */
function blocksOf(x: Tensor): Tensor | null {
  return isFrom(fromBlocksOp, x) ? x.node.inputs[0]! : null;
}

/**
 * The rule of elementwise ops: f(fromBlocks(x), fromBlocks(y), scalar) is fromBlocks(f(x, y, scalar)), so that blocked
 * images stay blocked until something needs another order.
 */
export function keepBlocks(result: Tensor): Tensor | null {
  const { op, inputs, attrs } = result.node;
  if (result.dtype !== 'float32') return null;
  let found = false;
  const sources: Tensor[] = [];
  for (const t of inputs) {
    if (t.size === 1) {
      sources.push(t.rank === 0 ? t : reshape(t, []));
      continue;
    }
    const blocks = blocksOf(t);
    // Channels that only fill up the last block could become NaN, which a zero weight does not undo.
    if (blocks === null || t.shape[1]! % at(blocks.shape, -1) !== 0 || !sameShape(t.shape, result.shape)) return null;
    found = true;
    sources.push(blocks);
  }
  return found ? fromBlocks(apply(op, sources, attrs), result.shape[1]!) : null;
}
