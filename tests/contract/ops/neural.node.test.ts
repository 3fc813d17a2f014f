/**
 * The ops for networks against PyTorch: values, gradients and second derivatives of tests/fixtures/neural-ops.json (made by
 * neural-ops.py beside it), and finite differences. A run also shows that inferred shapes are run-time shapes: results are
 * written into buffers of the inferred shape, and ONNX Runtime refuses others.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  add,
  argmax,
  argmin,
  avgPool2d,
  batchNorm,
  compile,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  cumsum,
  evaluate,
  grad,
  groupNorm,
  type HostTensor,
  instanceNorm,
  layerNorm,
  matmul,
  maxPool2d,
  mul,
  pad,
  pixelShuffle,
  pixelUnshuffle,
  resize,
  rmsNorm,
  sort,
  sum,
  type Tensor,
  tensor,
  topK,
  upsampleNearest,
} from '../../../src/node/index.js';

interface Stored {
  shape: number[];
  data: number[];
}
interface Case {
  op: string;
  inputs: Record<string, number[]>;
  options: Record<string, unknown>;
  outputs: Stored[];
  grads?: number[][];
  second?: number[][];
}
const cases = JSON.parse(readFileSync(new URL('../../fixtures/neural-ops.json', import.meta.url), 'utf8')) as Case[];

type Inputs = Record<string, Tensor>;
// biome-ignore lint/suspicious/noExplicitAny: the options are data of the fixture
type Options = any;
const ops: Record<string, (i: Inputs, o: Options) => Tensor | Tensor[]> = {
  matmul: ({ a, b }) => matmul(a!, b!),
  conv2d: ({ x, w, bias }, o) => conv2d(x!, w!, { bias, ...o }),
  conv1d: ({ x, w, bias }, o) => conv1d(x!, w!, { bias, ...o }),
  convTranspose2d: ({ x, w, bias }, o) => convTranspose2d(x!, w!, { bias, ...o }),
  convTranspose1d: ({ x, w, bias }, o) => convTranspose1d(x!, w!, { bias, ...o }),
  maxPool2d: ({ x }, o) => maxPool2d(x!, o),
  avgPool2d: ({ x }, o) => avgPool2d(x!, o),
  upsampleNearest: ({ x }, { factors }) => upsampleNearest(x!, factors),
  resize: ({ x }, o) => resize(x!, o),
  pixelShuffle: ({ x }, { factor }) => pixelShuffle(x!, factor),
  pixelUnshuffle: ({ x }, { factor }) => pixelUnshuffle(x!, factor),
  pad: ({ x }, { pads, ...o }) => pad(x!, pads, o),
  layerNorm: ({ x, weight, bias }, o) => layerNorm(x!, { weight, bias, ...o }),
  rmsNorm: ({ x, weight }, o) => rmsNorm(x!, { weight, ...o }),
  groupNorm: ({ x, weight, bias }, { groups, ...o }) => groupNorm(x!, groups, { weight, bias, ...o }),
  instanceNorm: ({ x, weight, bias }, o) => instanceNorm(x!, { weight, bias, ...o }),
  batchNorm: ({ x, ...rest }, o) => {
    const { y, mean, variance } = batchNorm(x!, { ...rest, ...o });
    return [y, mean, variance];
  },
  topK: ({ x }, { k, ...o }) => {
    const { values, indices } = topK(x!, k, o);
    return [values, indices];
  },
  sort: ({ x }, o) => {
    const { values, indices } = sort(x!, o);
    return [values, indices];
  },
  argmax: ({ x }, { axis, ...o }) => argmax(x!, axis, o),
  argmin: ({ x }, { axis, ...o }) => argmin(x!, axis, o),
  cumsum: ({ x }, { axis, ...o }) => cumsum(x!, axis, o),
};

const run = ({ op, options }: Case, inputs: Inputs): Tensor[] => [ops[op]!(inputs, options)].flat();
const nameOf = ({ op, inputs, options }: Case): string =>
  `${op} ${Object.values(inputs)
    .map((s) => `[${s}]`)
    .join(' ')} ${JSON.stringify(options)}`;

/** The inputs of a case, as neural-ops.py makes them: multiples of 1/512 in −2…2, which float32 holds exactly. */
const inputValues = (shape: number[], place: number, positive: boolean): Float32Array =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
    const value = (((i * 7919 + (place + 1) * 1049 + 13) % 2003) - 1001) / 512;
    return positive ? Math.abs(value) + 0.5 : value;
  });
const inputsOf = ({ inputs }: Case): Record<string, HostTensor> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, shape], place) => [
      name,
      { shape, dtype: 'float32', data: inputValues(shape, place, name === 'variance') },
    ]),
  );

/**
 * Runs what `fn` makes of the inputs of each case: as arguments, so that nothing is folded before the run, and several cases
 * a session, since building one takes more than twice as long for twice the nodes.
 */
async function runAll(list: readonly Case[], fn: (c: Case, inputs: Inputs) => Tensor[]): Promise<HostTensor[][]> {
  const found: HostTensor[][] = [];
  for (let start = 0; start < list.length; start += 12) {
    const some = list.slice(start, start + 12);
    const program = compile((inputs: Inputs[]) => inputs.map((of, i) => fn(some[i]!, of)));
    found.push(...((await program.run([some.map(inputsOf)])) as HostTensor[][]));
  }
  return found;
}

/** Σ c·(y + y²/4) over the float outputs, c a fixed pattern. */
function lossOf(outputs: readonly Tensor[]): Tensor {
  const terms = outputs
    .filter((y) => y.dtype === 'float32')
    .map((y) => {
      const pattern = Float32Array.from({ length: y.size }, (_, i) => (((i * 7) % 11) - 5) / 4);
      return sum(mul(tensor(pattern, y.shape), add(y, mul(mul(y, y), 0.25))));
    });
  return terms.reduce((a, b) => add(a, b));
}

const sumOfSquares = (tensors: readonly Tensor[]): Tensor =>
  tensors.map((t) => sum(mul(t, t))).reduce((a, b) => add(a, b));

/** Largest difference, relative to the largest number expected. */
function error(found: ArrayLike<number | bigint>, expected: readonly number[]): number {
  const scale = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-3);
  const worst = expected.reduce((m, v, i) => {
    const difference = Math.abs(Number(found[i]) - v);
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(m, difference);
  }, 0);
  return found.length === expected.length ? worst / scale : Number.POSITIVE_INFINITY;
}

interface Check {
  readonly what: string;
  readonly tensor: Tensor;
  readonly expected: readonly number[];
}

/** Compares what `check` makes of each case with what is expected of it. */
async function verify(tolerance: number, check: (c: Case, inputs: Inputs) => Check[]): Promise<void> {
  const checks: Check[] = [];
  const found = await runAll(cases, (c, inputs) => {
    const some = check(c, inputs);
    checks.push(...some);
    return some.map((t) => t.tensor);
  });
  const faults = found.flat().flatMap(({ data }, i) => {
    const { what, expected } = checks[i]!;
    const e = error(data, expected);
    return e <= tolerance ? [] : [`${what}: error ${e.toPrecision(3)}`];
  });
  expect(faults).toEqual([]);
}

describe('ops for networks', () => {
  it('give the values of PyTorch, in the shapes inferred', async () => {
    await verify(5e-6, (c, inputs) =>
      run(c, inputs).map((y, i) => {
        const { shape, data } = c.outputs[i]!;
        expect(y.shape, nameOf(c)).toEqual(shape);
        return { what: `${nameOf(c)}, output ${i}`, tensor: y, expected: data };
      }),
    );
  });

  it('give the gradients of PyTorch', async () => {
    await verify(2e-5, (c, inputs) =>
      c.grads === undefined
        ? []
        : grad(lossOf(run(c, inputs)), Object.values(inputs)).map((g, i) => ({
            what: `${nameOf(c)}, input ${i}`,
            tensor: g,
            expected: c.grads![i]!,
          })),
    );
  });

  it('give the second derivatives of PyTorch', async () => {
    await verify(5e-5, (c, inputs) => {
      if (c.second === undefined) return [];
      const list = Object.values(inputs);
      const grads = grad(lossOf(run(c, inputs)), list);
      return grad(sumOfSquares(grads), list).map((g, i) => ({
        what: `${nameOf(c)}, input ${i}`,
        tensor: g,
        expected: c.second![i]!,
      }));
    });
  });

  it('have the gradients of finite differences', async () => {
    // Maxima and order change where the inputs move: those are left to the comparison above.
    const smooth = cases.filter((c) => c.grads !== undefined && !['maxPool2d', 'topK', 'sort'].includes(c.op));
    const step = 1 / 64;
    const found = await runAll(smooth, (c, inputs) => {
      const list = Object.entries(inputs);
      const directions = list.map(([, x], place) => tensor(inputValues([...x.shape], place + 7, false), x.shape));
      const lossAt = (t: number): Tensor => {
        const moved = list.map(([name, x], place) => [name, add(x, mul(directions[place]!, t))]);
        return lossOf(run(c, Object.fromEntries(moved)));
      };
      const slope = grad(lossOf(run(c, inputs)), Object.values(inputs))
        .map((g, place) => sum(mul(g, directions[place]!)))
        .reduce((a, b) => add(a, b));
      return [slope, lossAt(2 * step), lossAt(step), lossAt(-step), lossAt(-2 * step)];
    });
    const faults = smooth.flatMap((c, i) => {
      const numbers = found[i]!.map((t) => Number(t.data[0]));
      const [slope, far, near, back, farBack] = numbers as [number, number, number, number, number];
      const difference = (8 * (near - back) - (far - farBack)) / (12 * step);
      const scale = Math.max(1, Math.abs(slope), Math.abs(far), Math.abs(farBack));
      return Math.abs(slope - difference) / scale < 1e-3 ? [] : [`${nameOf(c)}: ${slope}, measured ${difference}`];
    });
    expect(faults).toEqual([]);
  });

  it('give equal elements their order, and the gradient to the first of them', async () => {
    const x = tensor([1, 3, 3, 0, 3, 2, 2, 2], [1, 1, 2, 4]);
    const pooled = maxPool2d(x, { kernel: 2 });
    const { values, indices } = topK(tensor(Int32Array.of(5, 7, 5, 7)), 3);
    const found = await evaluate([
      pooled,
      grad(sum(pooled), x),
      values,
      indices,
      sort(tensor([2, 1, 2, 1])).indices,
      argmax(tensor([4, 9, 9])),
      argmin(tensor([4, 4, 9])),
      cumsum(tensor(Int32Array.of(1, 2, 3))),
    ]);
    expect(found.map(({ data }) => Array.from(data, Number))).toEqual([
      [3, 3],
      [0, 1, 1, 0, 0, 0, 0, 0],
      [7, 7, 5],
      [1, 3, 0],
      [1, 3, 0, 2],
      [1],
      [0],
      [1, 3, 6],
    ]);
    expect(found.map(({ dtype }) => dtype).slice(2)).toEqual(['int32', 'int32', 'int32', 'int32', 'int32', 'int32']);
  });

  it('normalize constants to zero with finite gradients, and numbers far from zero exactly enough', async () => {
    const constants = tensor(new Float32Array(24).fill(7), [2, 3, 2, 2]);
    const far = tensor(
      Float32Array.from({ length: 64 }, (_, i) => 1000 + (i % 2)),
      [2, 32],
    );
    const norms = [layerNorm, instanceNorm, (t: Tensor) => groupNorm(t, 1), (t: Tensor) => batchNorm(t).y];
    const ofConstants = norms.map((norm) => norm(constants));
    const found = await evaluate([
      ...ofConstants,
      ...ofConstants.map((y) => grad(sum(mul(y, tensor([1, 2]))), constants)),
      layerNorm(far, { eps: 0 }),
    ]);
    for (const { data } of found.slice(0, 4))
      expect(Array.from(data, Number).every((v) => Math.abs(v) < 1e-3)).toBe(true);
    for (const { data } of found.slice(4, 8)) expect(Array.from(data, Number).every(Number.isFinite)).toBe(true);
    found[8]!.data.forEach((v, i) => {
      expect(Math.abs(Number(v) - (i % 2 === 0 ? -1 : 1))).toBeLessThan(1e-3);
    });
  });
});
