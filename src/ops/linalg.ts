/** Matrix products: batched matmul and einsum. */
import { DTypeError, ShapeError } from '../core/errors.js';
import { at, broadcastShapes, formatShape, sizeOf } from '../core/shape.js';
import { apply, type Op, type Tensor } from '../core/tensor.js';
import { mul } from './arithmetic.js';
import { sum, sumTo } from './broadcast.js';
import { isFrom, reshape, swapAxes, transpose, transposeOp, unsqueeze } from './movement.js';

const matmulOp: Op<null> = {
  name: 'matmul',
  infer: ([a, b]) => {
    if (a!.dtype !== 'float32' || b!.dtype !== 'float32') {
      throw new DTypeError({ operation: 'matmul', expected: 'float32 · float32', got: `${a!.dtype} · ${b!.dtype}` });
    }
    if (at(a!.shape, -1) !== at(b!.shape, -2)) {
      throw new ShapeError({
        operation: 'matmul',
        expected: 'the columns of the left side to equal the rows of the right side',
        got: `${formatShape(a!.shape)} · ${formatShape(b!.shape)}`,
        remedy: 'Transpose one side if its axes are exchanged.',
      });
    }
    const batch = broadcastShapes('matmul', a!.shape.slice(0, -2), b!.shape.slice(0, -2));
    return [{ shape: [...batch, at(a!.shape, -2), at(b!.shape, -1)], dtype: 'float32' }];
  },
  // ∂/∂A = G·Bᵀ, ∂/∂B = Aᵀ·G, summed over broadcast batch axes
  vjp: ({ inputs: [a, b], grads: [g], needs }) => {
    if (b!.rank === 2 && a!.rank > 2) {
      // A stack times one matrix is one tall matrix times it.
      const height = sizeOf(a!.shape.slice(0, -1));
      const rows = reshape(a!, [height, at(a!.shape, -1)]);
      const tall = reshape(g!, [height, at(g!.shape, -1)]);
      return [
        needs(0) ? reshape(matmul(tall, swapAxes(b!)), a!.shape) : null,
        needs(1) ? transposedProduct(b!, rows, tall) : null,
      ];
    }
    return [
      needs(0) ? sumTo(matmul(g!, swapAxes(b!)), a!.shape) : null,
      needs(1) ? sumTo(transposedProduct(b!, a!, g!), b!.shape) : null,
    ];
  },
  // One matrix product with its transposes folded in.
  simplify: ({ node: { inputs } }) => {
    if (inputs.some((t) => t.rank !== 2) || !inputs.some((t) => isFrom(transposeOp, t))) return null;
    const [a, b] = inputs.map((t) => (isFrom(transposeOp, t) ? t.node.inputs[0]! : t));
    const attrs = { transA: isFrom(transposeOp, inputs[0]!), transB: isFrom(transposeOp, inputs[1]!) };
    return apply(gemmOp, [a!, b!], attrs);
  },
  lower: ({ inputs, emit }) => [emit('MatMul', inputs)],
};

interface GemmAttrs {
  readonly transA: boolean;
  readonly transB: boolean;
}

/** A or Aᵀ times B or Bᵀ, of matrices. Made by simplification only, so it needs no gradient. */
const gemmOp: Op<GemmAttrs> = {
  name: 'gemm',
  infer: ([a, b], { transA, transB }) => [
    { shape: [at(a!.shape, transA ? 1 : 0), at(b!.shape, transB ? 0 : 1)], dtype: 'float32' },
  ],
  lower: ({ inputs, attrs: { transA, transB }, emit }) => [
    emit('Gemm', inputs, { transA: transA ? 1 : 0, transB: transB ? 1 : 0 }),
  ],
};

/**
 * Aᵀ·G, the gradient of B. Where B is itself a transpose, as in x·Wᵀ, it is written (Gᵀ·A)ᵀ: the gradient of W is then
 * Gᵀ·A, with no transpose of a large matrix left.
 */
function transposedProduct(b: Tensor, a: Tensor, g: Tensor): Tensor {
  return isFrom(transposeOp, b) ? swapAxes(matmul(swapAxes(g), a)) : matmul(swapAxes(a), g);
}

/**
 * Matrix product over the last two axes; leading axes broadcast. Vectors count as one row on the left and one column on
 * the right, and that axis is dropped from the result.
 * Shapes: […, M, K] · […, K, N] → […, M, N].
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (a.rank === 0 || b.rank === 0) {
    throw new ShapeError({ operation: 'matmul', expected: 'vectors or matrices', got: 'a scalar', remedy: 'Use mul.' });
  }
  if (a.rank === 1) {
    const product = matmul(unsqueeze(a, 0), b);
    return reshape(product, b.rank === 1 ? [] : product.shape.toSpliced(-2, 1));
  }
  if (b.rank === 1) return reshape(matmul(a, unsqueeze(b, 1)), a.shape.slice(0, -1));
  return apply(matmulOp, [a, b], null);
}

/**
 * Einstein summation of one or two tensors, e.g. `einsum('bhqd,bhkd->bhqk', q, k)`: letters that the result lacks are
 * summed over. Letters may not repeat within one term. Pairs are contracted by one batched matmul.
 */
export function einsum(equation: string, ...tensors: Tensor[]): Tensor {
  const [left = '', right] = equation.replaceAll(' ', '').split('->');
  const terms = left.split(',');
  const sizes = new Map<string, number>();
  terms.forEach((term, t) => {
    const x = tensors[t];
    if (
      x === undefined ||
      term.length !== x.rank ||
      terms.length !== tensors.length ||
      new Set(term).size !== term.length
    ) {
      malformed(equation, tensors, 'one term of distinct letters per tensor, with a letter per axis');
    }
    [...term].forEach((letter, axis) => {
      const n = x.shape[axis]!;
      if ((sizes.get(letter) ?? n) !== n) malformed(equation, tensors, `one size for the letter ${letter}`);
      sizes.set(letter, n);
    });
  });
  const result =
    right ??
    [...sizes.keys()]
      .filter((l) => left.split(l).length === 2)
      .sort()
      .join('');
  if (![...result].every((l) => sizes.has(l)) || new Set(result).size !== result.length) {
    malformed(equation, tensors, 'a result of distinct letters that occur on the left');
  }
  // Contract from the left, two terms at a time, keeping what later terms or the result still name.
  let [term = '', x] = [terms[0], tensors[0]!];
  for (let t = 1; t < terms.length; t++) {
    const later = result + terms.slice(t + 1).join('');
    [term, x] = contract(term, x, terms[t]!, tensors[t]!, later, sizes);
  }
  const extra = [...term].flatMap((l, axis) => (result.includes(l) ? [] : [axis]));
  const kept = [...term].filter((l) => result.includes(l));
  const summed = extra.length === 0 ? x : sum(x, extra);
  return transpose(
    summed,
    [...result].map((l) => kept.indexOf(l)),
  );
}

function malformed(equation: string, tensors: readonly Tensor[], expected: string): never {
  throw new ShapeError({
    operation: `einsum '${equation}'`,
    expected,
    got: tensors.map((x) => formatShape(x.shape)).join(' and '),
  });
}

function contract(
  aTerm: string,
  a: Tensor,
  bTerm: string,
  b: Tensor,
  later: string,
  sizes: ReadonlyMap<string, number>,
): [string, Tensor] {
  // Letters that only one side has and nobody needs are summed at once.
  const drop = (term: string, x: Tensor, other: string): [string[], Tensor] => {
    const letters = [...term];
    const axes = letters.flatMap((l, i) => (other.includes(l) || later.includes(l) ? [] : [i]));
    return [letters.filter((_, i) => !axes.includes(i)), axes.length === 0 ? x : sum(x, axes)];
  };
  const [aLetters, left] = drop(aTerm, a, bTerm);
  const [bLetters, right] = drop(bTerm, b, aTerm);
  const batch = aLetters.filter((l) => bLetters.includes(l) && later.includes(l));
  const inner = aLetters.filter((l) => bLetters.includes(l) && !later.includes(l));
  const rows = aLetters.filter((l) => !bLetters.includes(l));
  const columns = bLetters.filter((l) => !aLetters.includes(l));
  const dims = (letters: readonly string[]): number[] => letters.map((l) => sizes.get(l)!);
  const arrange = (x: Tensor, letters: string[], order: string[]): Tensor =>
    transpose(
      x,
      order.map((l) => letters.indexOf(l)),
    );
  const lhs = arrange(left, aLetters, [...batch, ...rows, ...inner]);
  const rhs = arrange(right, bLetters, [...batch, ...inner, ...columns]);
  const out = [...batch, ...rows, ...columns];
  if (inner.length === 0) {
    const wide = reshape(lhs, [...dims(batch), ...dims(rows), ...columns.map(() => 1)]);
    return [out.join(''), mul(wide, reshape(rhs, [...dims(batch), ...rows.map(() => 1), ...dims(columns)]))];
  }
  const [m, k, n] = [sizeOf(dims(rows)), sizeOf(dims(inner)), sizeOf(dims(columns))];
  const product = matmul(reshape(lhs, [...dims(batch), m, k]), reshape(rhs, [...dims(batch), k, n]));
  return [out.join(''), reshape(product, dims(out))];
}
