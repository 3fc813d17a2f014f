/** Random graphs of the basic ops, for property tests. A graph is a list of numbers, so that fast-check can shrink it. */
import fc from 'fast-check';
import { input } from '../../../src/core/leaves.js';
import type { TensorType } from '../../../src/core/op.js';
import { type Shape, sizeOf } from '../../../src/core/shape.js';
import {
  concat,
  einsum,
  type HostTensor,
  padConstant,
  scatterAdd,
  stack,
  type Tensor,
  where,
} from '../../../src/node/index.js';
import type { Range } from '../../../src/ops/joining.js';

/** A source of choices: the numbers of the list in turn, 0 when they are used up. */
export class Choices {
  private readonly numbers: readonly number[];
  private next = 0;

  constructor(numbers: readonly number[]) {
    this.numbers = numbers;
  }

  /** One of 0 … n − 1. */
  below(n: number): number {
    return (this.numbers[this.next++] ?? 0) % n;
  }

  among<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  some<T>(list: readonly T[]): T[] {
    return list.filter(() => this.below(2) === 1);
  }

  shuffled<T>(list: readonly T[]): T[] {
    const left = [...list];
    return list.map(() => left.splice(this.below(left.length), 1)[0]!);
  }
}

export const choices = fc.array(fc.nat(1000), { minLength: 1, maxLength: 60, size: 'max' });

/** Tensors that the graph is built on, with the values they are given. */
export class Inputs {
  readonly tensors: Tensor[] = [];
  readonly hosts: HostTensor[] = [];

  float(shape: Shape): Tensor {
    const at = this.tensors.length;
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1 + 7 * at + 3 * i));
    return this.add({ shape, dtype: 'float32' }, data);
  }

  indices(shape: Shape, below: number): Tensor {
    const data = Int32Array.from({ length: sizeOf(shape) }, (_, i) => (i * 5 + shape.length) % below);
    return this.add({ shape, dtype: 'int32' }, data);
  }

  private add(type: TensorType, data: Float32Array | Int32Array): Tensor {
    const t = input(`x${this.tensors.length}`, type);
    this.tensors.push(t);
    this.hosts.push({ ...type, data });
    return t;
  }
}

const maxSize = 400;
const axesOf = (x: Tensor): number[] => x.shape.map((_, axis) => axis);

type Step = (x: Tensor, pick: Choices, inputs: Inputs) => Tensor;

/** A shape that broadcasts with `shape`: sizes 1 instead of some, leading axes left out or added. */
function partner(shape: Shape, pick: Choices): number[] {
  const sizes = shape.map((n) => (pick.below(3) === 0 ? 1 : n)).slice(pick.below(shape.length + 1));
  return pick.below(4) === 0 && sizes.length === shape.length ? [2, ...sizes] : sizes;
}

function ranges(x: Tensor, pick: Choices): Range[] {
  return x.shape.slice(0, pick.below(x.rank + 1)).map((n): Range => {
    if (n > 0 && pick.below(5) === 0) return pick.below(2 * n) - n;
    const [start, stop] = [pick.below(2 * n + 3) - n - 1, pick.below(2 * n + 3) - n - 1];
    return pick.below(4) === 0 ? null : [start, pick.below(4) === 0 ? null : stop, pick.among([1, 1, 2, 3, -1, -2])];
  });
}

export const slicing: Step = (x, pick) => x.slice(...ranges(x, pick));

const steps: Record<string, Step> = {
  add: (x, pick, inputs) => x.add(inputs.float(partner(x.shape, pick))),
  mul: (x, pick, inputs) => inputs.float(partner(x.shape, pick)).mul(x),
  div: (x, pick, inputs) => x.div(inputs.float(partner(x.shape, pick)).square().add(1)),
  maximum: (x, pick, inputs) => x.maximum(inputs.float(partner(x.shape, pick))),
  where: (x, pick, inputs) =>
    where(inputs.float(partner(x.shape, pick)).greater(0), x, pick.below(2) === 0 ? 0.5 : x.neg()),
  unary: (x, pick) =>
    x[pick.among(['sigmoid', 'relu', 'silu', 'softplus', 'sin', 'expm1', 'gelu'] as const)]().clip(-9, 9),
  sum: (x, pick) => x.sum(pick.some(axesOf(x)), { keepDims: pick.below(2) === 0 }),
  mean: (x, pick) => (x.size === 0 ? x : x.mean(pick.some(axesOf(x)), { keepDims: pick.below(2) === 0 })),
  max: (x, pick) => (x.size === 0 ? x : x.max(pick.some(axesOf(x)), { keepDims: pick.below(2) === 0 })),
  prod: (x, pick) => x.prod(pick.some(axesOf(x)), { keepDims: pick.below(2) === 0 }),
  logSumExp: (x, pick) => (x.size === 0 ? x : x.logSumExp(pick.some(axesOf(x)))),
  softmax: (x, pick) => (x.rank === 0 ? x : x.softmax(pick.below(x.rank))),
  slice: slicing,
  flip: (x, pick) => x.flip(pick.some(axesOf(x))),
  concat: (x, pick, inputs) => {
    if (x.rank === 0) return x;
    const axis = pick.below(x.rank);
    return concat(pick.shuffled([x, inputs.float(x.shape.with(axis, pick.below(3)))]), axis);
  },
  stack: (x, pick) => stack([x, x.neg()], pick.below(x.rank + 1)),
  split: (x, pick) => {
    if (x.rank === 0) return x;
    const axis = pick.below(x.rank);
    const first = pick.below(x.shape[axis]! + 1);
    return pick.among(x.split([first, x.shape[axis]! - first], axis));
  },
  pad: (x, pick) => padConstant(x, x.shape.map(() => [pick.below(3), pick.below(2)] as const), pick.below(3)), // biome-ignore format: one line
  transpose: (x, pick) => x.transpose(pick.shuffled(axesOf(x))),
  reshape: (x, pick) => x.flatten().reshape(pick.below(2) === 0 ? pick.shuffled(x.shape) : [...x.shape, 1]),
  unsqueeze: (x, pick) => x.unsqueeze(pick.below(x.rank + 1)),
  squeeze: (x) => x.squeeze(),
  expand: (x, pick) => x.unsqueeze(0).expand([pick.below(3), ...x.shape]),
  tile: (x, pick) => x.tile(x.shape.map(() => 1 + pick.below(2))),
  repeatInterleave: (x, pick) => (x.rank === 0 ? x : x.repeatInterleave(1 + pick.below(2), pick.below(x.rank))),
  matmul: (x, pick, inputs) => {
    if (x.rank === 0) return x;
    const columns = pick.among([[], [1], [3]]);
    const batch = x.rank > 2 && columns.length > 0 ? partner(x.shape.slice(0, -2), pick) : [];
    return x.matmul(inputs.float([...batch, x.shape.at(-1)!, ...columns]));
  },
  einsum: (x, pick, inputs) => {
    const letters = 'abcdef'.slice(0, x.rank);
    const kept = pick.shuffled(pick.some([...letters, 'z'])).join('');
    const other = pick.some([...letters]);
    const sizes = other.map((l) => x.shape[letters.indexOf(l)]!);
    return einsum(`${letters},${other.join('')}z->${kept}`, x, inputs.float([...sizes, 2]));
  },
  gather: (x, pick, inputs) => {
    if (x.size === 0 || x.rank === 0) return x;
    const axis = pick.below(x.rank);
    return x.gather(inputs.indices(pick.among([[], [3], [2, 2], [0]]), x.shape[axis]!), axis);
  },
  gatherElements: (x, pick, inputs) => {
    if (x.size === 0 || x.rank === 0) return x;
    const axis = pick.below(x.rank);
    return x.gatherElements(inputs.indices(x.shape.with(axis, 1 + pick.below(3)), x.shape[axis]!), axis);
  },
  scatterAdd: (x, pick, inputs) => {
    if (x.rank === 0) return x;
    const axis = pick.below(x.rank);
    return scatterAdd(x, inputs.indices([x.shape[axis]!], 3), { axis, size: pick.among([3, 300]) });
  },
  tril: (x, pick) => (x.rank < 2 ? x : x.tril(pick.below(4) - 2)),
  stopGradient: (x) => x.add(x.stopGradient()),
};

/** A random graph on one input of a random shape; each tensor on the way, the input first. */
export function randomGraph(numbers: readonly number[]): { inputs: Inputs; tensors: Tensor[] } {
  const pick = new Choices(numbers);
  const inputs = new Inputs();
  const rank = pick.below(5);
  const shape = Array.from({ length: rank }, () => pick.among([2, 3, 1, 4, 2, 3, 0]));
  const tensors = [inputs.float(shape)];
  const count = 1 + pick.below(6);
  for (let i = 0; i < count; i++) {
    const y = steps[pick.among(Object.keys(steps))]!(tensors.at(-1)!, pick, inputs);
    if (y.size <= maxSize && y.rank <= 6) tensors.push(y);
  }
  return { inputs, tensors };
}
