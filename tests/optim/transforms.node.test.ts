import { describe, expect, test } from 'vitest';
import { allot, arenasOf, compile, fromStep, type Tensor, tensor, type Variable } from '../../src/node/index.js';
import {
  accumulate,
  adam,
  clipByGlobalNorm,
  clipByValue,
  constant,
  ema,
  globalNorm,
  sgd,
} from '../../src/optim/index.js';
import type { Arena } from '../../src/runtime/state.js';
import { decode, fixture, SIZE, STEPS } from './fixture.js';
import { difference, flatGradient, inputs, parameters, targets } from './problem.js';

async function read(variable: Variable): Promise<Float32Array> {
  const [arena] = arenasOf([variable]) as [Arena];
  return (await arena.read()).slice() as Float32Array;
}

describe('clipping', () => {
  test.each(['clip norm', 'clip value'])("%s moves as with PyTorch's", async (name) => {
    const { arena, variables } = parameters();
    const program = compile((): undefined => {
      const raw = [flatGradient(variables)];
      const gradients = name === 'clip norm' ? clipByGlobalNorm(raw, 0.3).gradients : clipByValue(raw, 0.05);
      const learningRate = constant(0.5);
      arena.whole.assign(sgd().update({ gradients, parameters: [arena.whole], moments: {}, learningRate })[0]!);
    });
    const trajectory = decode(fixture.cases[name]!.trajectory);
    for (let step = 1; step <= STEPS; step++) {
      await program.run([], { step });
      const wanted = trajectory.subarray((step - 1) * SIZE, step * SIZE);
      expect(difference((await arena.read()) as Float32Array, wanted), `step ${step}`).toBeLessThan(3e-6);
    }
  });

  test('the norm is over all tensors; smaller gradients stay as they are', async () => {
    const list = [tensor([3, 0]), tensor([[0], [4]])];
    const { gradients, norm } = clipByGlobalNorm(list, 2);
    expect(await norm.item()).toBeCloseTo(5, 6);
    expect([...(await gradients[1]!.data())]).toEqual([0, expect.closeTo(1.6, 5)]);
    expect(await globalNorm(gradients).item()).toBeCloseTo(2, 5);
    expect([...(await clipByGlobalNorm(list, 6).gradients[0]!.data())]).toEqual([3, 0]);
    expect([...(await clipByValue([tensor([-3, 0.5, 3])], 1)[0]!.data())]).toEqual([-1, 0.5, 1]);
    expect(await clipByGlobalNorm([tensor([0, 0])], 1).norm.item()).toBe(0);
  });

  test('mistakes are named', () => {
    expect(() => clipByGlobalNorm([tensor([1])], 0)).toThrow('clip, maxNorm: expected a finite number > 0, got 0.');
    expect(() => clipByValue([tensor([1])], -1)).toThrow('clipByValue, limit');
    expect(() => globalNorm([])).toThrow('globalNorm: expected at least one tensor, got none.');
  });
});

describe('ema', () => {
  /** Averages of a parameter that is 10·step after each step, from step 1 on. */
  async function averages(average: ReturnType<typeof ema>, steps: number): Promise<number[]> {
    const [shadow] = average.init([[3]]) as [Variable];
    const moved = fromStep('parameter', (step) => 10 * step).expand([3]);
    const program = compile((): undefined => average.update([shadow], [moved]) as undefined);
    const seen: number[] = [];
    for (let step = 1; step <= steps; step++) {
      await program.run([], { step });
      const [a, b, c] = await read(shadow);
      expect([b, c]).toEqual([a, a]);
      seen.push(a!);
    }
    return seen;
  }

  function byHand(decayAt: (step: number) => number, steps: number): number[] {
    let s = 0;
    return Array.from({ length: steps }, (_, i) => {
      const d = decayAt(i + 1);
      s = d * s + (1 - d) * 10 * (i + 1);
      return s;
    });
  }

  test('starts with a copy and then keeps `decay` of itself', async () => {
    const seen = await averages(ema({ decay: 0.9 }), 6);
    expect(seen[0]).toBe(10);
    expect(
      difference(
        seen,
        byHand((step) => (step === 1 ? 0 : 0.9), 6),
      ),
    ).toBeLessThan(1e-6);
  });

  test('warm-up: min(decay, (1 + n)/(10 + n)) after n averaged updates', async () => {
    const decays = [0, 2 / 11, 3 / 12, 4 / 13, 0.35, 0.35];
    expect(
      difference(
        await averages(ema({ decay: 0.35, warmUp: true }), 6),
        byHand((n) => decays[n - 1]!, 6),
      ),
    ).toBeLessThan(1e-6);
  });

  test('a later start copies until then, whatever the parameters were before', async () => {
    const seen = await averages(ema({ decay: 0.5, start: 3 }), 5);
    expect(seen).toEqual([10, 20, 30, 35, 42.5]);
  });

  test('a decay close to 1 loses no digits', async () => {
    const average = ema({ decay: 0.999_99 });
    const [shadow] = average.init([[1]]) as [Variable];
    const program = compile(
      (): undefined =>
        average.update([shadow], [fromStep('p', (step) => (step === 1 ? 0 : 1)).reshape([1])]) as undefined,
    );
    for (const step of [1, 2]) await program.run([], { step });
    expect((await read(shadow))[0]! / 1e-5).toBeCloseTo(1, 6);
  });

  test('mistakes are named', () => {
    expect(() => ema({ decay: 1 })).toThrow('ema, decay: expected a number in [0, 1), got 1.');
    expect(() => ema({ start: 0 })).toThrow('ema, start');
    const average = ema();
    expect(() => average.update(average.init([[2]]), [tensor([1])])).toThrow('ema update: expected shapes [[2]]');
  });
});

describe('accumulation', () => {
  /** Three steps with the batch of six cut into `parts` micro-batches. */
  async function train(parts: number): Promise<Float32Array> {
    const { arena, variables } = parameters();
    const optimizer = adam();
    const moments = optimizer.init([[arena.length]]);
    for (const moment of Object.values(moments).flat()) allot([moment]);
    const { sums, add, take } = accumulate([[arena.length]]);
    const size = 6 / parts;
    const gather = compile((x: Tensor, y: Tensor) => add([flatGradient(variables, x, y)]) as undefined);
    const update = compile((x: Tensor, y: Tensor): undefined => {
      const gradients = take([flatGradient(variables, x, y)], parts);
      const learningRate = constant(0.02);
      const [moved] = optimizer.update({ gradients, parameters: [arena.whole], moments, learningRate });
      arena.whole.assign(moved!);
    });
    const rows = async (t: typeof inputs, part: number) => {
      const piece = t.slice([part * size, (part + 1) * size]);
      return { shape: piece.shape, dtype: piece.dtype, data: await piece.data() };
    };
    for (let step = 1; step <= 3; step++) {
      for (let part = 0; part < parts; part++) {
        const program = part < parts - 1 ? gather : update;
        await program.run([await rows(inputs, part), await rows(targets, part)], { step });
      }
      expect((await read(sums[0]!)).every((v) => v === 0)).toBe(true);
    }
    return (await arena.read()).slice() as Float32Array;
  }

  test('k micro-batches of b move as one batch of k·b', async () => {
    const whole = await train(1);
    expect(difference(await train(2), whole)).toBeLessThan(1e-6);
    expect(difference(await train(6), whole)).toBeLessThan(1e-6);
    expect(difference(whole, decode(fixture.cases.adam!.trajectory).subarray(2 * SIZE, 3 * SIZE))).toBeLessThan(3e-6);
  });

  test('mistakes are named', () => {
    const { add, take } = accumulate([[2]]);
    expect(() => add([tensor([1])])).toThrow('accumulate, add: expected shapes [[2]]');
    expect(() => take([tensor([1, 2])], 0)).toThrow('accumulate, parts');
  });
});
