/** Programs: traced once per signature, run in turn, told what to fill in. */
import { describe, expect, test } from 'vitest';
import { type FeedContext, feed, fromStep } from '../../src/core/leaves.js';
import { apply, type Op } from '../../src/core/tensor.js';
import {
  BackendError,
  compile,
  cpuBackend,
  DTypeError,
  evaluate,
  GraphError,
  type HostTensor,
  ones,
  ShapeError,
  straightThrough,
  type Tensor,
  tensor,
  Variable,
} from '../../src/node/index.js';

const host = (...values: number[]): HostTensor => ({
  shape: [values.length],
  dtype: 'float32',
  data: Float32Array.from(values),
});
const scalarVariable = (name = ''): Variable => new Variable([], { name, initial: () => new Float32Array(1) });
const values = (t: HostTensor): number[] => Array.from(t.data as Float32Array);

describe('tracing', () => {
  test('once per shapes and dtypes of the arguments', async () => {
    let traces = 0;
    const double = compile((x: Tensor) => {
      traces++;
      return x.mul(2);
    });
    expect(values(await double.run([host(1, 2)]))).toEqual([2, 4]);
    expect(values(await double.run([host(3, 4)]))).toEqual([6, 8]);
    expect(traces).toBe(1);
    expect(values(await double.run([host(1)]))).toEqual([2]);
    const whole = await double.run([{ shape: [2], dtype: 'int32', data: Int32Array.of(5, 6) }]);
    expect(whole).toEqual({ shape: [2], dtype: 'int32', data: Int32Array.of(10, 12) });
    expect(traces).toBe(3);
    expect(values(await double.run([host(7, 8)]))).toEqual([14, 16]);
    await double.prepare([host(0, 0, 0)]);
    expect(double.text([{ shape: [3], dtype: 'float32' }])).toContain('mul');
    expect(traces).toBe(4);
  });

  test('trees go in and come out', async () => {
    const f = compile(({ a, list }: { a: Tensor; list: Tensor[] }, scale: Tensor) => ({
      sum: a.add(list[1]!),
      nested: [{ first: list[0]!.mul(scale) }, a],
      none: undefined,
    }));
    const result = await f.run([{ a: host(1, 2), list: [host(3), host(10, 20)] }, host(5)]);
    expect(values(result.sum)).toEqual([11, 22]);
    expect(values((result.nested[0] as { first: HostTensor }).first)).toEqual([15]);
    expect(values(result.nested[1] as HostTensor)).toEqual([1, 2]);
    expect(Object.keys(result)).toEqual(['sum', 'nested', 'none']);
    expect(result.none).toBeUndefined();
  });

  test('arguments and constants as results, results twice, arguments that are not used', async () => {
    const f = compile((x: Tensor, _unused: Tensor) => {
      const y = x.add(1);
      return [x, y, y, tensor([7]), x.sub(0)];
    });
    const results = await f.run([host(2), host(3)]);
    expect(results.map(values)).toEqual([[2], [3], [3], [7], [2]]);
    expect(await compile(() => undefined).run([])).toBeUndefined();
    expect(await compile((_: Tensor) => ({ none: [] })).run([host(1)])).toEqual({ none: [] });
  });

  test('a function that throws is traced again', async () => {
    let fault = true;
    const f = compile((x: Tensor) => (fault ? x.reshape([5]) : x.neg()));
    await expect(f.run([host(1)])).rejects.toThrow(ShapeError);
    fault = false;
    expect(values(await f.run([host(1)]))).toEqual([-1]);
  });

  test('reading a value inside says what to do', async () => {
    const reads: Promise<unknown>[] = [];
    const f = compile((x: Tensor) => {
      const read = x.mul(2).data();
      reads.push(read.catch((error: unknown) => error));
      return x;
    });
    await f.run([host(1)]);
    const error = await reads[0];
    expect(error).toBeInstanceOf(GraphError);
    expect((error as GraphError).message).toBe(
      'evaluate: expected tensors whose values are known, got one that depends on an argument of a function that is ' +
        'being traced. Return the tensor from that function instead of reading it inside.',
    );
  });
});

describe('arguments', () => {
  const f = compile((x: Tensor) => x.add(1), { name: 'increment' });

  test('with too few values', async () => {
    const wrong = f.run([{ shape: [3], dtype: 'float32', data: new Float32Array(2) }]);
    await expect(wrong).rejects.toThrow('increment, argument 0: expected 3 values for float32[3], got 2.');
    await expect(wrong).rejects.toThrow(ShapeError);
  });

  test('with an array of another dtype', async () => {
    const wrong = f.run([{ shape: [2], dtype: 'float32', data: Int32Array.of(1, 2) }]);
    await expect(wrong).rejects.toThrow('increment, argument 0: expected an array of float32, got int32.');
    await expect(wrong).rejects.toThrow(DTypeError);
  });

  test('are not written to, and results are not shared', async () => {
    const x = host(1, 2);
    const first = await f.run([x]);
    const second = await f.run([x]);
    (first.data as Float32Array).fill(9);
    expect(values(second)).toEqual([2, 3]);
    expect(values(x)).toEqual([1, 2]);
  });
});

describe('fed values', () => {
  test('are filled once a run, with the run’s own seed, step and row', async () => {
    const calls: FeedContext[] = [];
    const noise = feed('noise', { shape: [2], dtype: 'float32' }, (out, ctx) => {
      calls.push({ ...ctx });
      out[0] = ctx.seed;
      out[1] = ctx.firstRow;
    });
    const f = compile(() => ({ noise, twice: noise.add(noise), rate: fromStep('rate', (step) => 1 / step) }));
    const first = await f.run([], { seed: 3, step: 4, firstRow: 5 });
    expect([values(first.noise), values(first.twice), values(first.rate)]).toEqual([[3, 5], [6, 10], [0.25]]);
    const second = await f.run([], { seed: 7, step: 1 });
    expect([values(second.noise), values(second.twice), values(second.rate)]).toEqual([[7, 0], [14, 0], [1]]);
    expect(calls).toEqual([
      { seed: 3, step: 4, firstRow: 5 },
      { seed: 7, step: 1, firstRow: 0 },
    ]);
    // What was returned before is not filled anew.
    expect(values(first.noise)).toEqual([3, 5]);
  });

  test('integers and masks too', async () => {
    const steps = feed('steps', { shape: [3], dtype: 'int64' }, (out) => (out as BigInt64Array).set([1n, 2n, 3n]));
    const mask = feed('mask', { shape: [3], dtype: 'bool' }, (out) => (out as Uint8Array).set([1, 0, 1]));
    const [a, b] = await evaluate([steps.mul(2), mask.logicalNot()]);
    expect([a!.data, b!.data]).toEqual([BigInt64Array.of(2n, 4n, 6n), Uint8Array.of(0, 1, 0)]);
  });
});

describe('at the same time', () => {
  test('runs of one program each get their own results and noise', async () => {
    const noise = feed('noise', { shape: [], dtype: 'float32' }, (out, { seed }) => {
      out[0] = seed;
    });
    const f = compile((x: Tensor) => x.mul(100).add(noise));
    const runs: Promise<HostTensor>[] = Array.from({ length: 40 }, (_, i) =>
      f.run([i % 2 === 0 ? host(i) : host(i, i)], { seed: i }),
    );
    const results = (await Promise.all(runs)).map((result) => values(result));
    expect(results).toEqual(results.map((_, i) => (i % 2 === 0 ? [101 * i] : [101 * i, 101 * i])));
  });

  test('assignments follow one another in the order of the calls', async () => {
    const v = scalarVariable();
    const append = compile((digit: Tensor) => {
      const next = v.mul(10).add(digit.reshape([]));
      v.assign(next);
      return next;
    });
    const results = await Promise.all([1, 2, 3, 4].map((digit) => append.run([host(digit)])));
    expect(results.map(values)).toEqual([[1], [12], [123], [1234]]);
    expect(await v.item()).toBe(1234);
  });

  test('two programs on one variable take turns', async () => {
    const v = scalarVariable();
    const add = compile(() => v.assign(v.add(1)) as undefined);
    const triple = compile(() => v.assign(v.mul(3)) as undefined);
    await Promise.all([add.run([]), triple.run([]), add.run([]), triple.run([]), add.run([])]);
    expect(await v.item()).toBe(13);
  });
});

describe('failures', () => {
  test('a run that fails leaves the state, and the next one works', async () => {
    const v = scalarVariable();
    const pick = compile((i: Tensor) => {
      const picked = tensor([10, 20]).gather(i);
      v.assign(picked.sum());
      return picked;
    });
    const at = (i: number): HostTensor => ({ shape: [1], dtype: 'int32', data: Int32Array.of(i) });
    await pick.run([at(1)]);
    const [failed, next] = await Promise.allSettled([pick.run([at(5)]), pick.run([at(0)])]);
    expect(failed.status).toBe('rejected');
    expect((failed as PromiseRejectedResult).reason).toBeInstanceOf(BackendError);
    expect(next.status).toBe('fulfilled');
    expect(await v.item()).toBe(10);
  });

  test('a graph that the runtime refuses is an error each time, and nothing else', async () => {
    const unknown: Op<null> = {
      name: 'unknown',
      infer: ([x]) => [{ shape: x!.shape, dtype: 'float32' }],
      lower: ({ inputs, emit }) => [emit('NoSuchOperator', inputs)],
    };
    const f = compile((x: Tensor) => apply(unknown, [x], null));
    await expect(f.run([host(1)])).rejects.toThrow(BackendError);
    await expect(f.prepare([host(1)])).rejects.toThrow(
      'build a session: expected ONNX Runtime to accept the graph, got',
    );
    await expect(apply(unknown, [tensor(1)], null).data()).rejects.toThrow(BackendError);
  });
});

describe('sessions', () => {
  test('more programs than are kept at a time all go on working', async () => {
    const programs = Array.from({ length: 20 }, (_, i) => compile((x: Tensor) => x.add(i)));
    for (let round = 0; round < 2; round++) {
      const results = await Promise.all(programs.map((program) => program.run([host(round)])));
      expect(results.map(values)).toEqual(programs.map((_, i) => [round + i]));
    }
  });

  test('a backend of its own', async () => {
    const backend = cpuBackend({ threads: 1 });
    expect(backend.description).toContain('1 thread');
    let sessions = 0;
    const counting = {
      ...backend,
      createSession: (model: Uint8Array) => {
        sessions++;
        return backend.createSession(model);
      },
    };
    const f = compile((x: Tensor) => x.exp(), { backend: counting });
    expect(sessions).toBe(0);
    await f.run([host(0)]);
    await f.run([host(1)]);
    expect(sessions).toBe(1);
  });
});

describe('evaluate', () => {
  test('many tensors in one run, of every dtype', async () => {
    const [a, b, c] = await evaluate([ones([2]).mul(3), tensor([true, false]), tensor([1], [1], 'int64')]);
    expect(a).toEqual({ shape: [2], dtype: 'float32', data: Float32Array.of(3, 3) });
    expect(b).toEqual({ shape: [2], dtype: 'bool', data: Uint8Array.of(1, 0) });
    expect(c).toEqual({ shape: [1], dtype: 'int64', data: BigInt64Array.of(1n) });
    expect(await evaluate([])).toEqual([]);
  });

  test('item takes one element', async () => {
    expect(
      await tensor([[2]])
        .exp()
        .log()
        .item(),
    ).toBeCloseTo(2, 6);
    await expect(tensor([1, 2]).item()).rejects.toThrow('item: expected a tensor of one element, got [2].');
  });

  test('what no result needs is not computed', async () => {
    // Its value would be an error: position 5 of 2.
    const broken = tensor([1, 2]).gather(tensor(Int32Array.of(5)));
    expect(await straightThrough(tensor([1]), broken).item()).toBe(1);
  });
});
