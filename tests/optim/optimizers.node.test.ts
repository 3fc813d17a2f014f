import { describe, expect, test } from 'vitest';
import { allot, arenasOf, compile, fromStep, tensor, Variable } from '../../src/node/index.js';
import {
  type AtStep,
  adagrad,
  adam,
  adamW,
  constant,
  linear,
  lion,
  type Optimizer,
  optimizers,
  rmsprop,
  sgd,
} from '../../src/optim/index.js';
import type { Arena } from '../../src/runtime/state.js';
import { decode, fixture, SIZE, STEPS } from './fixture.js';
import { difference, flatGradient, parameters } from './problem.js';

/** The optimizer and its rate, as in fixtures/optim.py. */
const cases: Readonly<Record<string, readonly [Optimizer, number]>> = {
  sgd: [sgd(), 0.1],
  'sgd weightDecay': [sgd({ weightDecay: 0.05 }), 0.1],
  'sgd momentum': [sgd({ momentum: 0.9 }), 0.1],
  'sgd momentum dampening': [sgd({ momentum: 0.9, dampening: 0.3, weightDecay: 0.01 }), 0.1],
  'sgd nesterov': [sgd({ momentum: 0.8, nesterov: true, weightDecay: 0.01 }), 0.1],
  adam: [adam(), 0.02],
  'adam betas weightDecay': [adam({ beta1: 0.5, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.1 }), 0.02],
  adamW: [adamW(), 0.02],
  'adamW weightDecay': [adamW({ beta1: 0.8, beta2: 0.99, epsilon: 1e-4, weightDecay: 0.3 }), 0.02],
  rmsprop: [rmsprop(), 0.01],
  'rmsprop momentum': [rmsprop({ alpha: 0.9, epsilon: 1e-4, momentum: 0.7, weightDecay: 0.1 }), 0.01],
  'rmsprop centered': [rmsprop({ alpha: 0.95, epsilon: 1e-3, centered: true }), 0.01],
  'rmsprop all': [rmsprop({ epsilon: 1e-2, centered: true, momentum: 0.5, weightDecay: 0.1 }), 0.01],
  adagrad: [adagrad(), 0.1],
  'adagrad all': [adagrad({ rateDecay: 0.1, weightDecay: 0.1, initialSum: 0.2, epsilon: 1e-3 }), 0.1],
  lion: [lion(), 0.01],
  'lion weightDecay': [lion({ beta1: 0.8, beta2: 0.95, weightDecay: 0.5 }), 0.01],
};

/** A step on one flat arena, as the trainer compiles it. */
function flatStep(optimizer: Optimizer, rate: number) {
  const { arena, variables } = parameters();
  const moments = optimizer.init([[arena.length]]);
  for (const moment of Object.values(moments).flat()) allot([moment]);
  const program = compile((): undefined => {
    const [moved] = optimizer.update({
      gradients: [flatGradient(variables)],
      parameters: [arena.whole],
      moments,
      learningRate: constant(rate),
    });
    arena.whole.assign(moved!);
  });
  return { arena, moments, program };
}

describe.each(Object.entries(cases))('%s', (name, [optimizer, rate]) => {
  const expected = fixture.cases[name]!;
  const trajectory = decode(expected.trajectory);

  test(`moves as PyTorch's over ${STEPS} steps, moments included`, async () => {
    const { arena, moments, program } = flatStep(optimizer, rate);
    for (let step = 1; step <= STEPS; step++) {
      await program.run([], { step });
      const wanted = trajectory.subarray((step - 1) * SIZE, step * SIZE);
      expect(difference((await arena.read()) as Float32Array, wanted), `step ${step}`).toBeLessThan(3e-6);
    }
    const keys = Object.keys(moments).map((key) => key.replace('exp_sum', 'exp_avg'));
    expect(keys.sort()).toEqual(Object.keys(expected.moments).sort());
    for (const [key, [moment]] of Object.entries(moments)) {
      const [own] = arenasOf([moment!]) as [Arena];
      // Adam keeps the sums of which PyTorch keeps the averages.
      const { beta1, beta2 } = optimizer.settings as { beta1: number; beta2: number };
      const share = { exp_sum: 1 - beta1, exp_sum_sq: 1 - beta2 }[key] ?? 1;
      const average = ((await own.read()) as Float32Array).map((value) => share * value);
      const wanted = decode(expected.moments[key.replace('exp_sum', 'exp_avg')]!);
      expect(difference(average, wanted), key).toBeLessThan(3e-6);
      expect(moment!.trainable).toBe(false);
    }
  });

  test('moves a list of tensors of any shape the same way', async () => {
    const { arena, variables } = parameters();
    const moments = optimizer.init(variables.map((v) => v.shape));
    const program = compile((): undefined => {
      const flat = flatGradient(variables);
      const gradients = variables.map((v, i) => {
        const start = arena.offsets[i]!;
        return flat.slice([start, start + v.size]).reshape(v.shape);
      });
      const moved = optimizer.update({ gradients, parameters: variables, moments, learningRate: constant(rate) });
      for (const [i, v] of variables.entries()) v.assign(moved[i]!);
    });
    for (let step = 1; step <= 3; step++) await program.run([], { step });
    expect(difference((await arena.read()) as Float32Array, trajectory.subarray(2 * SIZE, 3 * SIZE))).toBeLessThan(
      3e-6,
    );
  });
});

test('each pass over memory counts: elementwise nodes on the flat vector', () => {
  const passes = (optimizer: Optimizer): number => {
    const whole = new Variable([1000], { initial: () => new Float32Array(1000) });
    const gradient = new Variable([1000], { initial: () => new Float32Array(1000) });
    const moments = optimizer.init([whole.shape]);
    const program = compile((): undefined => {
      const context = { gradients: [gradient], parameters: [whole], moments, learningRate: constant(0.1) };
      whole.assign(optimizer.update(context)[0]!);
    });
    return program
      .text([])
      .split('\n')
      .filter((line) => line.includes('float32[1000] =') && !line.includes('= variable(')).length;
  };
  expect(passes(sgd())).toBe(2);
  expect(passes(sgd({ momentum: 0.9 }))).toBe(4);
  expect(passes(sgd({ momentum: 0.9, nesterov: true }))).toBe(6);
  expect(passes(adam())).toBe(10);
  expect(passes(adam({ weightDecay: 0.1 }))).toBe(12);
  expect(passes(adamW())).toBe(11);
  expect(passes(rmsprop())).toBe(9);
  expect(passes(rmsprop({ momentum: 0.9, centered: true, weightDecay: 0.1 }))).toBe(19);
  expect(passes(adagrad())).toBe(7);
  expect(passes(lion())).toBe(9);
  expect(passes(lion({ weightDecay: 0.1 }))).toBe(10);
});

test('the rate follows its schedule, on a count of updates of its own where one is given', async () => {
  const x = new Variable([2], { initial: () => Float32Array.of(1, 2) });
  const [arena] = allot([x]);
  const context = {
    gradients: [tensor([1, -1])],
    parameters: [x],
    moments: {},
    learningRate: linear(1, { to: 0, steps: 4 }),
  };
  const every = compile((): undefined => x.assign(sgd().update(context)[0]!) as undefined);
  await every.run([], { step: 2 });
  expect([...((await arena!.read()) as Float32Array)]).toEqual([0.25, 2.75]);
  const third: AtStep = (label, at) => fromStep(label, (step) => at(step / 3));
  const rare = compile((): undefined => x.assign(sgd().update({ ...context, atStep: third })[0]!) as undefined);
  await rare.run([], { step: 9 });
  expect([...((await arena!.read()) as Float32Array)]).toEqual([-0.25, 3.25]);
});

describe('mistakes', () => {
  test('settings: unknown, of another type, out of range', () => {
    expect(() => adam({ beta3: 1 } as object)).toThrow(
      'settings of adam: expected one of beta1, beta2, epsilon, weightDecay, got beta3.',
    );
    expect(() => adam({ beta1: 1 })).toThrow('adam, beta1: expected a number in [0, 1), got 1.');
    expect(() => adamW({ weightDecay: Number.NaN })).toThrow('adamW, weightDecay');
    expect(() => rmsprop({ centered: 1 as unknown as boolean })).toThrow(
      'rmsprop, centered: expected true or false, got 1.',
    );
    expect(() => sgd({ nesterov: true })).toThrow('sgd, nesterov: expected momentum > 0 and dampening 0');
  });

  test('lists that do not match', () => {
    const optimizer = adam();
    const moments = optimizer.init([[3]]);
    const [three, four] = [tensor([1, 2, 3]), tensor([1, 2, 3, 4])];
    const learningRate = constant(1);
    expect(() => optimizer.update({ gradients: [four], parameters: [three], moments, learningRate })).toThrow(
      'adam update, gradients: expected shapes [[3]], as the parameters have, got [[4]].',
    );
    expect(() => optimizer.update({ gradients: [four], parameters: [four], moments, learningRate })).toThrow('exp_sum');
  });
});

test('every optimizer can be found by its name', () => {
  for (const [name, make] of Object.entries(optimizers)) expect(make().name).toBe(name);
  expect(adam({ beta1: 0.5 }).settings).toEqual({ beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 });
});
