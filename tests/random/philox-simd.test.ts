import { afterEach, expect, test, vi } from 'vitest';
import { fillWords } from '../../src/random/philox.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** Words by both, with untouched neighbours: fewer than one group of 16, some of one, more than the memory takes. */
async function expectEqual(counts: readonly number[]): Promise<void> {
  const { fillManyWords } = await import('../../src/random/philox-simd.js');
  const position = { block: 0xfffffff0, row: 0xff000001, step: 0x80000001, site: 9 };
  for (const count of counts) {
    const expected = new Uint32Array(count + 2).fill(99);
    const got = expected.slice();
    fillWords(expected, 1, count, position, 7, 0xf0000008);
    fillManyWords(got, 1, count, position, 7, 0xf0000008);
    expect(got).toEqual(expected);
  }
}

test('vectors make the same words, whatever their number', () =>
  expectEqual([0, 1, 7, 8, 15, 16, 17, 784, 16385, 40001]));

test('vectors are used', async () => {
  const instances = vi.spyOn(WebAssembly, 'Instance');
  const { fillManyWords } = await import('../../src/random/philox-simd.js');
  fillManyWords(new Uint32Array(16), 0, 16, { block: 0, row: 0, step: 0, site: 0 }, 0, 0);
  expect(instances).toHaveBeenCalledOnce();
  expect(instances.mock.results[0]!.type).toBe('return');
  instances.mockRestore();
});

test('a page that forbids WebAssembly gets the same words', async () => {
  vi.stubGlobal('WebAssembly', {
    Module: class {
      constructor() {
        throw new Error('refused by the policy of the page');
      }
    },
  });
  await expectEqual([16, 784]);
});
