/** Variables: assignment, arenas, rejection, reading and writing by name. */
import { describe, expect, test } from 'vitest';
import { feed } from '../../src/core/leaves.js';
import {
  allot,
  arenasOf,
  compile,
  FormatError,
  GraphError,
  type HostTensor,
  readVariables,
  type Tensor,
  tensor,
  UsageError,
  Variable,
  writeVariables,
} from '../../src/node/index.js';
import { slotOf } from '../../src/runtime/state.js';

const vector = (name: string, ...values: number[]): Variable =>
  new Variable([values.length], { name, initial: () => Float32Array.from(values) });
const host = (...values: number[]): HostTensor => ({
  shape: [values.length],
  dtype: 'float32',
  data: Float32Array.from(values),
});
const read = async (...variables: Variable[]): Promise<number[][]> =>
  [...(await readVariables(variables)).values()].map(({ data }) => Array.from(data, Number));

describe('assign', () => {
  test('takes effect after the run; inside, a variable stands for its value at the start', async () => {
    const v = vector('v', 1, 2);
    const f = compile(() => {
      v.assign(v.add(10));
      const after = v.mul(1);
      v.assign(v.add(1));
      return after;
    });
    expect(Array.from((await f.run([])).data)).toEqual([1, 2]);
    expect(await read(v)).toEqual([[2, 3]]);
    expect(Array.from((await f.run([])).data)).toEqual([2, 3]);
    expect(await read(v)).toEqual([[3, 4]]);
  });

  test('variables exchange their values, in one arena and across arenas', async () => {
    const [a, b, far] = [vector('a', 1), vector('b', 2), vector('far', 3)];
    allot([a, b]);
    allot([far]);
    const rotate = compile(() => {
      a.assign(b);
      b.assign(far);
      far.assign(a);
    });
    await rotate.run([]);
    expect(await read(a, b, far)).toEqual([[2], [3], [1]]);
    await rotate.run([]);
    expect(await read(a, b, far)).toEqual([[3], [1], [2]]);
  });

  test('leaves the rest of the arena, before, between and after', async () => {
    const variables = ['a', 'b', 'c', 'd', 'e'].map((name, i) => vector(name, i, -i));
    allot(variables);
    await compile(() => {
      variables[3]!.assign(tensor([30, 31]));
      variables[1]!.assign(tensor([10, 11]));
    }).run([]);
    expect(await read(...variables)).toEqual([
      [0, -0],
      [10, 11],
      [2, -2],
      [30, 31],
      [4, -4],
    ]);
  });

  test('one value for several variables, which is also a result, an argument, a constant or a variable', async () => {
    const [a, b, c] = [vector('a', 0), vector('b', 0), vector('c', 5)];
    allot([a]);
    allot([b, c]);
    const f = compile((x: Tensor) => {
      const y = x.add(1);
      a.assign(y);
      b.assign(y);
      return y;
    });
    expect(Array.from((await f.run([host(1)])).data)).toEqual([2]);
    expect(await read(a, b, c)).toEqual([[2], [2], [5]]);
    await compile((x: Tensor) => {
      a.assign(x);
      b.assign(c);
      return [x, a, c];
    }).run([host(7)]);
    expect(await read(a, b, c)).toEqual([[7], [5], [5]]);
    await compile(() => a.assign(tensor([9])) as undefined).run([]);
    expect(await read(a)).toEqual([[9]]);
    await compile(() => a.assign(a) as undefined).run([]);
    expect(await read(a)).toEqual([[9]]);
  });

  test('shapes are kept: a matrix, a scalar, integers and masks', async () => {
    const matrix = new Variable([2, 2], { name: 'matrix', initial: () => Float32Array.of(1, 2, 3, 4) });
    const count = new Variable([], { name: 'count', dtype: 'int64', initial: () => BigInt64Array.of(2n ** 40n) });
    const mask = new Variable([2], { name: 'mask', dtype: 'bool', initial: () => Uint8Array.of(1, 0) });
    allot([matrix, count, mask]);
    await compile(() => {
      matrix.assign(matrix.transpose());
      count.assign(count.add(1));
      mask.assign(mask.logicalNot());
    }).run([]);
    const values = await readVariables([matrix, count, mask]);
    expect(values.get('matrix')).toEqual({ shape: [2, 2], data: Float32Array.of(1, 3, 2, 4) });
    expect(values.get('count')).toEqual({ shape: [], data: BigInt64Array.of(2n ** 40n + 1n) });
    expect(values.get('mask')).toEqual({ shape: [2], data: Uint8Array.of(0, 1) });
  });

  test('a whole arena at once, but not together with its variables', async () => {
    const [a, b] = [vector('a', 1, 2), vector('b', 3)];
    const [arena] = allot([a, b]);
    await compile(() => arena!.whole.assign(arena!.whole.mul(2)) as undefined).run([]);
    expect(await read(a, b)).toEqual([[2, 4], [6]]);
    const both = compile(() => {
      arena!.whole.assign(arena!.whole.mul(2));
      a.assign(tensor([0, 0]));
    });
    await expect(both.run([])).rejects.toThrow(GraphError);
    await expect(both.run([])).rejects.toThrow('expected an arena or its variables assigned, got both');
  });
});

describe('accept', () => {
  /** Bits, so that −0, NaN payloads and rounding count. */
  const bits = async (...variables: Variable[]): Promise<number[][]> =>
    [...(await readVariables(variables)).values()].map(({ data }) => [...new Uint32Array(data.slice().buffer)]);

  test('a rejected run leaves every bit of the state', async () => {
    const [a, b] = [vector('a', 0.1, -0, 1e-40), vector('b', Number.NaN, 3)];
    allot([a]);
    allot([b]);
    const step = compile(() => {
      a.assign(a.mul(3).add(1));
      b.assign(b.exp());
      return a.sum();
    });
    const before = await bits(a, b);
    await step.run([], { accept: () => false });
    expect(await bits(a, b)).toEqual(before);
    await step.run([], { accept: () => false });
    expect(await bits(a, b)).toEqual(before);
    await step.run([], { accept: () => true });
    expect(await bits(a, b)).not.toEqual(before);
  });

  test('sees the results, and decides run by run', async () => {
    const v = vector('v', 0);
    const noise = feed('noise', { shape: [], dtype: 'float32' }, (out, { step }) => {
      out[0] = step % 3 === 0 ? Number.NaN : step;
    });
    const step = compile(() => {
      const next = v.add(noise);
      v.assign(next);
      return next;
    });
    const finite = (results: readonly HostTensor[]): boolean => Number.isFinite(results[0]!.data[0] as number);
    for (let i = 1; i <= 8; i++) await step.run([], { step: i, accept: finite });
    expect(await read(v)).toEqual([[1 + 2 + 4 + 5 + 7 + 8]]);
  });

  test('where it throws, the run fails and the state stays', async () => {
    const v = vector('v', 1);
    const step = compile(() => v.assign(v.add(1)) as undefined);
    const fault = (): boolean => {
      throw new Error('no opinion');
    };
    await expect(step.run([], { accept: fault })).rejects.toThrow('no opinion');
    expect(await read(v)).toEqual([[1]]);
    await step.run([]);
    expect(await read(v)).toEqual([[2]]);
  });
});

describe('arenas', () => {
  const mega = 2 ** 20;
  const sized = (name: string, elements: number, dtype: 'float32' | 'int64' = 'float32'): Variable =>
    new Variable([elements], {
      name,
      dtype,
      initial: () => (dtype === 'float32' ? new Float32Array(elements).fill(1) : new BigInt64Array(elements)),
    });
  const layout = (variables: Variable[]): string[][] =>
    arenasOf(variables).map((arena) => arena.variables.map((v) => v.name));

  test('hold 64 MiB at most', () => {
    const a = [sized('a', 10 * mega), sized('b', 6 * mega), sized('c', 1), sized('d', 16 * mega), sized('e', 1)];
    expect(allot(a).map((arena) => arena.length)).toEqual([16 * mega, 1, 16 * mega, 1]);
    expect(layout(a)).toEqual([['a', 'b'], ['c'], ['d'], ['e']]);
    const integers = [sized('f', 5 * mega, 'int64'), sized('g', 3 * mega, 'int64'), sized('h', 1, 'int64')];
    allot(integers);
    expect(layout(integers)).toEqual([['f', 'g'], ['h']]);
  });

  test('a larger variable has one of its own', () => {
    const large = [sized('a', 1), sized('b', 17 * mega), sized('c', 1)];
    allot(large);
    expect(layout(large)).toEqual([['a'], ['b'], ['c']]);
  });

  test('hold one dtype, in the order given', () => {
    const mixed = [sized('a', 2), sized('b', 3), sized('c', 1, 'int64'), sized('d', 1)];
    const arenas = allot(mixed);
    expect(layout(mixed)).toEqual([['a', 'b'], ['c'], ['d']]);
    expect(arenas[0]!.offsets).toEqual([0, 2]);
    expect(slotOf(mixed[1]!)).toEqual({ arena: arenas[0], offset: 2 });
  });

  test('what is placed stays; what is not is placed when it is first used', async () => {
    const [a, b, c] = [sized('a', 1), sized('b', 1), sized('c', 1)];
    const [first] = allot([a, a]);
    expect(first!.variables).toEqual([a]);
    expect(allot([a, b]).map((arena) => arena.variables)).toEqual([[b]]);
    expect(await c.add(1).item()).toBe(2);
    expect(arenasOf([c])[0]!.variables).toEqual([c]);
    expect(allot([c])).toEqual([]);
  });

  test('a first value that cannot be made leaves the variables unplaced', async () => {
    let fault = true;
    const good = vector('good', 1);
    const late = new Variable([1], {
      name: 'late',
      initial: () => (fault ? new Float32Array(2) : Float32Array.of(4)),
    });
    expect(() => allot([good, late])).toThrow('initial value of late: expected 1 values, got 2.');
    fault = false;
    expect(await read(good, late)).toEqual([[1], [4]]);
    const wrong = new Variable([1], { name: 'wrong', initial: () => new Int32Array(1) });
    expect(() => allot([wrong])).toThrow('initial value of wrong: expected float32, got int32.');
  });
});

describe('by name', () => {
  const model = (): Variable[] => {
    const variables = [
      new Variable([2, 2], { name: 'weight', initial: () => Float32Array.of(1, 2, 3, 4) }),
      vector('bias', 5, 6),
      new Variable([1], { name: 'count', dtype: 'int64', initial: () => BigInt64Array.of(7n) }),
    ];
    allot(variables);
    return variables;
  };

  test('what is read can be written', async () => {
    const [source, target] = [model(), model()];
    await compile(() => source[0]!.assign(source[0]!.mul(-1)) as undefined).run([]);
    const values = await readVariables(source);
    await writeVariables(target, values);
    expect(await readVariables(target)).toEqual(values);
    expect([...values.keys()]).toEqual(['weight', 'bias', 'count']);
  });

  test('what is read is a copy, and what is written is copied', async () => {
    const variables = model();
    const values = await readVariables(variables);
    (values.get('bias')!.data as Float32Array).fill(0);
    expect(await read(variables[1]!)).toEqual([[5, 6]]);
    await writeVariables(variables, values);
    (values.get('bias')!.data as Float32Array).fill(8);
    expect(await read(variables[1]!)).toEqual([[0, 0]]);
    const before = await readVariables(variables);
    await compile(() => variables[1]!.assign(tensor([1, 1])) as undefined).run([]);
    await compile(() => variables[1]!.assign(tensor([2, 2])) as undefined).run([]);
    expect(Array.from(before.get('bias')!.data as Float32Array)).toEqual([0, 0]);
  });

  const faults: Record<string, [(values: Awaited<ReturnType<typeof readVariables>>) => void, string]> = {
    missing: [
      (values) => values.delete('bias'),
      'load parameters: expected the 3 tensors of this model, got none for bias. ' +
        'Check that the file belongs to this model and these settings.',
    ],
    extra: [(values) => values.set('other', values.get('bias')!), 'got unknown other.'],
    'missing and extra': [
      (values) => values.set('biass', values.get('bias')!) && values.delete('bias'),
      'got none for bias; unknown biass.',
    ],
    shape: [
      (values) => values.set('weight', { shape: [4], data: new Float32Array(4) }),
      'load weight: expected float32[2, 2], got float32[4].',
    ],
    dtype: [
      (values) => values.set('bias', { shape: [2], data: new Int32Array(2) }),
      'load bias: expected float32[2], got int32[2].',
    ],
    'too few values': [
      (values) => values.set('bias', { shape: [2], data: new Float32Array(1) }),
      'load bias: expected 2 values, got 1.',
    ],
  };
  for (const [name, [change, message]] of Object.entries(faults)) {
    test(`${name}: an error, and nothing is written`, async () => {
      const variables = model();
      const before = await readVariables(variables);
      const values = new Map(before);
      values.set('count', { shape: [1], data: BigInt64Array.of(99n) });
      change(values);
      const written = writeVariables(variables, values);
      await expect(written).rejects.toThrow(FormatError);
      await expect(written).rejects.toThrow(message);
      expect(await readVariables(variables)).toEqual(before);
    });
  }

  test('two of one name', async () => {
    const twins = [vector('same', 1), vector('same', 2)];
    await expect(readVariables(twins)).rejects.toThrow(UsageError);
    await expect(writeVariables(twins, new Map())).rejects.toThrow(
      "load parameters: expected distinct names, got 'same' twice. Give each variable a name of its own.",
    );
  });

  test('is in turn with runs: never half of one, and after those asked for earlier', async () => {
    const [a, b] = [vector('a', 0), vector('b', 0)];
    allot([a]);
    allot([b]);
    const step = compile(() => {
      a.assign(a.add(1));
      b.assign(b.add(1));
    });
    const reads: Promise<number[][]>[] = [];
    const runs: Promise<unknown>[] = [];
    for (let i = 0; i < 20; i++) {
      runs.push(step.run([]));
      reads.push(read(a, b));
    }
    expect(await Promise.all(reads)).toEqual(reads.map((_, i) => [[i + 1], [i + 1]]));
    const zero = { shape: [1], data: new Float32Array(1) };
    const all = [step.run([]), writeVariables([a, b], new Map([['a', zero], ['b', zero]])), step.run([])]; // biome-ignore format: in order
    await Promise.all([...runs, ...all]);
    expect(await read(a, b)).toEqual([[1], [1]]);
  });
});
