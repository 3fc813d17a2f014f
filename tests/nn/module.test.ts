import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/core/errors.js';
import { input } from '../../src/core/leaves.js';
import { type ActivationName, activation, activationNames } from '../../src/nn/activation.js';
import { Linear } from '../../src/nn/linear.js';
import { Module, namedVariables } from '../../src/nn/module.js';
import { filled } from '../../src/nn/parameter.js';
import { ModuleList, Sequential } from '../../src/nn/sequential.js';
import { relu } from '../../src/ops/index.js';
import { Rng } from '../../src/random/rng.js';

const rng = new Rng({ seed: 1 });
const linear = (): Linear => new Linear(2, 2, { rng });

class Block extends Module {
  readonly first = linear();
  readonly statistics = filled([2], 0, { trainable: false });
  readonly heads = { mean: linear(), spread: [linear()] };
  readonly none = null;
  readonly sizes = [1, 2];
}

describe('walking', () => {
  test('paths follow fields, arrays, records and positions', () => {
    const net = new ModuleList<Module>([new Block(), new Sequential(relu, linear()), linear()]);
    expect([...net.namedVariables().keys()]).toEqual([
      '0.first.weight',
      '0.first.bias',
      '0.statistics',
      '0.heads.mean.weight',
      '0.heads.mean.bias',
      '0.heads.spread.0.weight',
      '0.heads.spread.0.bias',
      '1.1.weight',
      '1.1.bias',
      '2.weight',
      '2.bias',
    ]);
    expect(net.parameters().length).toBe(net.variables().length - 1);
    expect(net.parameters().every((variable) => variable.trainable)).toBe(true);
  });

  test('records of modules, with a prefix', () => {
    const found = namedVariables({ generator: linear(), critic: [linear()] }, 'gan');
    expect([...found.keys()]).toEqual([
      'gan.generator.weight',
      'gan.generator.bias',
      'gan.critic.0.weight',
      'gan.critic.0.bias',
    ]);
  });

  test('a tied variable appears once, under its first path', () => {
    class Tied extends Module {
      readonly embedding = linear();
      readonly head = { weight: this.embedding.weight };
      readonly again = this.embedding;
    }
    const net = new Tied();
    expect([...net.namedVariables().keys()]).toEqual(['embedding.weight', 'embedding.bias']);
    expect(net.embedding.weight.name).toBe('embedding.weight');
  });

  test('walking a model names its variables; walking a part later does not rename them', () => {
    const net = new Sequential(linear());
    const part = net[0] as Linear;
    part.variables();
    expect(part.weight.name).toBe('weight');
    net.variables();
    expect(part.weight.name).toBe('0.weight');
    part.parameters();
    expect(part.weight.name).toBe('0.weight');
    expect([...part.namedVariables().keys()]).toEqual(['weight', 'bias']);
  });
});

describe('first values', () => {
  const build = (seed: number) => {
    const source = new Rng({ seed });
    return [new Linear(4, 3, { rng: source }), new Linear(4, 3, { rng: source })] as const;
  };
  test('depend on the seed and the order of construction, not on when they are computed', () => {
    const [a, b] = build(1);
    const [c, d] = build(1);
    const late = d.weight.initial();
    expect(c.weight.initial()).toEqual(a.weight.initial());
    expect(late).toEqual(b.weight.initial());
    expect(late).not.toEqual(a.weight.initial());
    expect(a.bias!.initial()).not.toEqual(a.weight.initial().slice(0, 3));
    expect(build(2)[0].weight.initial()).not.toEqual(a.weight.initial());
  });
});

test('ModuleList is iterable', () => {
  const items = [linear(), linear()];
  const list = new ModuleList(items);
  expect([...list]).toEqual(items);
  expect(list.length).toBe(2);
  expect(list[1]).toBe(items[1]);
});

test('activations by name', () => {
  const x = input('x', { shape: [2, 3], dtype: 'float32' });
  for (const name of activationNames) expect(activation(name)(x).shape).toEqual([2, 3]);
  expect(() => activation('gleu' as ActivationName)).toThrow(UsageError);
  expect(() => activation('gleu' as ActivationName)).toThrow(/Did you mean gelu/);
  expect(() => activation('toString' as ActivationName)).toThrow(UsageError);
});
