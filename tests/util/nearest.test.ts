import { describe, expect, test } from 'vitest';
import { didYouMean, editDistance, nearestNames } from '../../src/util/nearest.js';

describe('editDistance', () => {
  test.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['kitten', 'sitting', 3],
    ['mnsit', 'mnist', 1],
    ['abc', 'cab', 2],
  ])('%s → %s is %i, both ways', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe('nearestNames', () => {
  const names = ['mnist', 'kmnist', 'fashion-mnist', 'moons', 'synthetic-digits', 'swiss-roll'];

  test.each([
    ['mnits', ['mnist', 'kmnist']],
    ['fashion_mnist', ['fashion-mnist']],
    ['FashionMNIST', ['fashion-mnist']],
    ['synthetic', ['synthetic-digits']],
    ['swissrol', ['swiss-roll']],
    ['cifar10', []],
    ['', []],
  ])('%s → %j', (name, expected) => {
    expect(nearestNames(name, names)).toEqual(expected);
  });

  test('best first, at most the limit', () => {
    expect(nearestNames('a', ['c', 'b', 'a', 'd', 'e'], 2)).toEqual(['a', 'c']);
  });

  test('didYouMean is a sentence or nothing', () => {
    expect(didYouMean('mnits', names)).toBe('Did you mean mnist or kmnist?');
    expect(didYouMean('moon', names)).toBe('Did you mean moons?');
    expect(didYouMean('cifar10', names)).toBe('');
  });
});
