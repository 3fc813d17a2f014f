/** Properties of random graphs of the basic ops. */
import fc from 'fast-check';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import type { DType } from '../../../src/core/dtype.js';
import { sizeOf } from '../../../src/core/shape.js';
import { standardTarget } from '../../../src/core/target.js';
import { compile, grad, type HostTensor, type Tensor } from '../../../src/node/index.js';
import { link } from '../../../src/runtime/link.js';
import { Choices, choices, Inputs, randomGraph, slicing } from './random-graphs.js';

/** One seed, so that a failure repeats; change it to search further. */
const seed = 1;

/** Runs a graph by ONNX Runtime alone, which allots the outputs by what it computes. */
async function runFreely(inputs: Inputs, results: readonly Tensor[]): Promise<HostTensor[]> {
  const linked = link('random', inputs.tensors, results, new Map(), standardTarget);
  const session = await InferenceSession.create(linked.model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const feeds = inputs.hosts.flatMap(({ shape, dtype, data }, i) => {
    const name = linked.inputs[i];
    return name === undefined ? [] : [[name, new OrtTensor(dtype, data, shape)] as const];
  });
  const out = await session.run(Object.fromEntries(feeds));
  await session.release();
  return linked.results.map(({ name }) => {
    const { dims, type, data } = out[name]!;
    return { shape: dims, dtype: type as DType, data: data as HostTensor['data'] };
  });
}

test('inferred shape and dtype are those of the run, of values and of gradients', async () => {
  await fc.assert(
    fc.asyncProperty(choices, async (numbers) => {
      const { inputs, tensors } = randomGraph(numbers);
      const [x, y] = [tensors[0]!, tensors.at(-1)!];
      const dx = grad(y.square().sum(), x);
      const all = [...tensors, dx, grad(dx.square().sum(), x), y.greater(0), y.cast('int32')];
      const results = await runFreely(inputs, all);
      expect(results.map(({ shape, dtype }) => ({ shape: [...shape], dtype }))).toEqual(
        all.map(({ shape, dtype }) => ({ shape: [...shape], dtype })),
      );
      for (const { data, shape } of results) expect(data.length).toBe(sizeOf(shape));
    }),
    { seed, numRuns: 200 },
  );
});

test('the vector-Jacobian product is linear in its cotangent', async () => {
  await fc.assert(
    fc.asyncProperty(choices, async (numbers) => {
      const { inputs, tensors } = randomGraph(numbers);
      const [x, y] = [tensors[0]!, tensors.at(-1)!];
      const [a, b] = [inputs.float(y.shape), inputs.float(y.shape)];
      const pull = (cotangent: Tensor): Tensor => grad(y, x, { cotangent });
      const [whole, parts] = await runFreely(inputs, [
        pull(a.mul(2).sub(b.mul(3))),
        pull(a).mul(2).sub(pull(b).mul(3)),
      ]);
      const largest = Math.max(1, ...Array.from(parts!.data as Float32Array, Math.abs));
      whole!.data.forEach((v, i) => {
        expect(Math.abs(Number(v) - Number(parts!.data[i]))).toBeLessThanOrEqual(1e-4 * largest);
      });
    }),
    { seed, numRuns: 100 },
  );
});

/** Positions of a slice along one axis, by counting as Python does. */
function positions(n: number, [from, to, step]: readonly [number, number | null, number]): number[] {
  const out: number[] = [];
  const bound = (v: number): number => (v < 0 ? v + n : v);
  const start = step > 0 ? Math.max(0, bound(from)) : Math.min(n - 1, bound(from));
  const stop = to === null ? (step > 0 ? n : -1) : Math.max(-1, bound(to));
  for (let i = start; step > 0 ? i < Math.min(n, stop) : i > stop; i += step) if (i >= 0) out.push(i);
  return out;
}

test('a slice takes the positions that Python takes', async () => {
  const range = fc.tuple(
    fc.integer({ min: -8, max: 8 }),
    fc.option(fc.integer({ min: -8, max: 8 })),
    fc.constantFrom(1, 2, 3, 5, -1, -2, -4),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(6), range), { minLength: 20, maxLength: 20 }), async (cases) => {
      const inputs = new Inputs();
      const slices = cases.map(([n, r]) => inputs.float([n]).slice(r));
      const results = await runFreely(inputs, slices);
      cases.forEach(([n, r], k) => {
        expect([...results[k]!.data], `[${n}].slice(${r})`).toEqual(
          positions(n, r).map((i) => inputs.hosts[k]!.data[i]),
        );
      });
    }),
    { seed, numRuns: 30 },
  );
});

test('slices of every kind keep the elements in their order', async () => {
  await fc.assert(
    fc.asyncProperty(choices, async (numbers) => {
      const inputs = new Inputs();
      const y = slicing(inputs.float([3, 4, 5]), new Choices(numbers), inputs);
      const [values, ones] = await runFreely(inputs, [y, grad(y.sum(), inputs.tensors[0]!)]);
      // Each element is taken once at most, so the gradient marks the elements taken.
      const taken = (inputs.hosts[0]!.data as Float32Array).filter((_, i) => Number(ones!.data[i]) === 1);
      expect([...values!.data].sort()).toEqual([...taken].sort());
      expect(ones!.data.every((v) => Number(v) === 0 || Number(v) === 1)).toBe(true);
    }),
    { seed, numRuns: 60 },
  );
});

test('values of every dtype come back bit for bit', async () => {
  const same = compile((t: Tensor) => t.reshape([t.size, 1]).stopGradient());
  const arrays = fc.oneof(
    fc.float32Array({ noNaN: false }).map((data) => ({ dtype: 'float32' as const, data })),
    fc.int32Array().map((data) => ({ dtype: 'int32' as const, data })),
    fc.bigInt64Array().map((data) => ({ dtype: 'int64' as const, data })),
    fc.uint8Array({ max: 1 }).map((data) => ({ dtype: 'bool' as const, data })),
  );
  await fc.assert(
    fc.asyncProperty(arrays, async ({ dtype, data }) => {
      const host = { shape: [data.length], dtype, data } as HostTensor;
      const back = await same.run([host]);
      expect(new Uint8Array(back.data.buffer)).toEqual(new Uint8Array(data.buffer));
      expect(back.dtype).toBe(dtype);
      expect(back.shape).toEqual([data.length, 1]);
    }),
    { seed, numRuns: 60 },
  );
});
