/** Adding many updates to few places: none may be lost between threads, and the result may not depend on chance. */
import { expect, test } from 'vitest';
import { compile, grad, type HostTensor, scatterAdd, type Tensor } from '../../../src/node/index.js';

const [n, c] = [200_000, 32];
const updates: HostTensor = { shape: [n, c], dtype: 'float32', data: new Float32Array(n * c).fill(1) };
const indicesBelow = (size: number): HostTensor => ({
  shape: [n],
  dtype: 'int32',
  data: Int32Array.from({ length: n }, (_, i) => i % size),
});

test.each([3, 256, 257])('scatterAdd to %i rows', async (size) => {
  const program = compile((u: Tensor, i: Tensor) => scatterAdd(u, i, { size }));
  const indices = indicesBelow(size);
  const expected = Float32Array.from({ length: size * c }, (_, i) => Math.ceil((n - Math.floor(i / c)) / size));
  for (let run = 0; run < 8; run++) expect((await program.run([updates, indices])).data).toEqual(expected);
});

test('the gradient of an embedding is the same, bit for bit, each time', async () => {
  const table: HostTensor = { shape: [1000, c], dtype: 'float32', data: new Float32Array(1000 * c).fill(0.1) };
  const program = compile((w: Tensor, i: Tensor) => grad(w.gather(i).sin().mul(w.gather(i).cos()).sum(), w));
  const [first, ...others] = await Promise.all(Array.from({ length: 4 }, () => program.run([table, indicesBelow(70)])));
  for (const other of others) expect(other!.data).toEqual(first!.data);
});

test('the gradient of gatherElements', async () => {
  const x: HostTensor = { shape: [3, c], dtype: 'float32', data: new Float32Array(3 * c) };
  const indices = { ...updates, dtype: 'int32' as const, data: Int32Array.from({ length: n * c }, (_, i) => i % 3) };
  const program = compile((t: Tensor, i: Tensor) => grad(t.gatherElements(i, 0).sum(), t));
  const { data } = await program.run([x, indices]);
  expect((data as Float32Array).reduce((a, b) => a + b, 0)).toBe(n * c);
});
