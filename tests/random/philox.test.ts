import { describe, expect, test } from 'vitest';
import { fillWords, philox4x32, seedKey } from '../../src/random/philox.js';

/** The published known-answer vectors of philox4x32-10 (Random123, kat_vectors). */
const vectors = [
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

/** The definition, written with BigInt: slow and plain. */
function reference(counter: readonly number[], key: readonly number[]): number[] {
  const mask = 0xffffffffn;
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3].map(Number);
}

describe('philox4x32-10', () => {
  test.each(vectors)('known answer for counter $counter', ({ counter, key, words }) => {
    const out = new Uint32Array(4);
    philox4x32(Uint32Array.from(counter), Uint32Array.from(key), out);
    expect([...out]).toEqual(words);
  });

  test('equals the definition for many counters and keys', () => {
    let state = 12345;
    const word = () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return state >>> 0;
    };
    const out = new Uint32Array(4);
    for (let i = 0; i < 500; i++) {
      const counter = [word(), word(), word(), word()];
      const key = [word(), word()];
      philox4x32(Uint32Array.from(counter), Uint32Array.from(key), out);
      expect([...out]).toEqual(reference(counter, key));
    }
  });

  test('fillWords runs through blocks, stops inside one, and touches nothing else', () => {
    const out = new Uint32Array(14).fill(99);
    fillWords(out, 2, 10, { block: 0xffffffff, row: 5, step: 0x80000001, site: 9 }, 7, 8);
    const expected = [
      ...reference([0xffffffff, 5, 0x80000001, 9], [7, 8]),
      ...reference([0, 5, 0x80000001, 9], [7, 8]),
      ...reference([1, 5, 0x80000001, 9], [7, 8]).slice(0, 2),
    ];
    expect([...out]).toEqual([99, 99, ...expected, 99, 99]);
  });

  test('seedKey splits 64 bits and refuses what is no seed', () => {
    expect(seedKey(0)).toEqual({ low: 0, high: 0 });
    expect(seedKey(2 ** 32 + 5)).toEqual({ low: 5, high: 1 });
    expect(seedKey(Number.MAX_SAFE_INTEGER)).toEqual({ low: 0xffffffff, high: 0x1fffff });
    for (const bad of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => seedKey(bad)).toThrow(/seed: expected an integer/);
  });
});
