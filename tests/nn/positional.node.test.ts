import { expect, test } from 'vitest';
import { applyRotary, LearnedPositions, sinusoidal } from '../../src/nn/positional.js';
import { ShapeError, type Tensor, tensor } from '../../src/node/index.js';
import { Rng } from '../../src/random/rng.js';

const rng = new Rng({ seed: 1 });
const values = async (t: Tensor): Promise<number[]> => Array.from(await t.data(), Number);

test('sinusoidal: the formula of the paper', async () => {
  const positions = tensor(Int32Array.of(0, 1, 50), [3]);
  const y = sinusoidal(positions, 6);
  expect(y.shape).toEqual([3, 6]);
  const expected = [0, 1, 50].flatMap((p) =>
    Array.from({ length: 6 }, (_, j) => {
      const angle = p / 10000 ** ((j - (j % 2)) / 6);
      return j % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    }),
  );
  for (const [i, v] of (await values(y)).entries()) expect(v).toBeCloseTo(expected[i]!, 5);
});

test("sinusoidal: DDPM's time embedding", async () => {
  const y = sinusoidal(tensor([[999]]), 8, { layout: 'halves', shift: 1 });
  expect(y.shape).toEqual([1, 1, 8]);
  const angles = Array.from({ length: 4 }, (_, i) => 999 * Math.exp((-Math.log(10000) * i) / 3));
  const expected = [...angles.map(Math.sin), ...angles.map(Math.cos)];
  for (const [i, v] of (await values(y)).entries()) expect(v).toBeCloseTo(expected[i]!, 3);
  expect(await values(sinusoidal(tensor([1]), 2, { shift: 1 }))).toEqual([
    Math.fround(Math.sin(1)),
    Math.fround(Math.cos(1)),
  ]);
  expect(() => sinusoidal(tensor([1]), 3)).toThrow(ShapeError);
});

test.each([false, true])(
  'rotary, interleaved %s: products depend on the difference of positions',
  async (interleaved) => {
    const [q, k] = [rng.normal([8]), rng.normal([8])];
    const turned = (x: Tensor): Tensor => applyRotary(x.expand([2, 10, 8]), { interleaved });
    const scores = await values(turned(q).matmul(turned(k).swapAxes()).slice(0)); // [10, 10]
    const at = (i: number, j: number) => scores[i * 10 + j]!;
    for (let i = 0; i < 9; i++) for (let j = 0; j < 9; j++) expect(at(i + 1, j + 1)).toBeCloseTo(at(i, j), 4);
    expect(Math.abs(at(0, 5) - at(0, 0))).toBeGreaterThan(1e-3);
  },
);

test('rotary: the two pairings turn by the angles of the paper', async () => {
  const x = [1, 2, 3, 4];
  const turn = (a: number, b: number, angle: number) => [
    a * Math.cos(angle) - b * Math.sin(angle),
    a * Math.sin(angle) + b * Math.cos(angle),
  ];
  const options = { positions: tensor([7]), base: 100 };
  const [fast, slow] = [7, 7 / 10]; // 7·100^(−2i/4)
  const interleaved = await values(applyRotary(tensor([x]), { ...options, interleaved: true }));
  const expected = [...turn(1, 2, fast), ...turn(3, 4, slow)];
  for (const [i, v] of interleaved.entries()) expect(v).toBeCloseTo(expected[i]!, 5);
  const halves = await values(applyRotary(tensor([x]), options));
  const [[a, c], [b, d]] = [turn(1, 3, fast), turn(2, 4, slow)] as [[number, number], [number, number]];
  for (const [i, v] of halves.entries()) expect(v).toBeCloseTo([a, b, c, d][i]!, 5);
});

test('learned positions', async () => {
  const layer = new LearnedPositions(5, 2, {
    rng,
    weightInitializer: () => Float32Array.from({ length: 10 }, (_, i) => i),
  });
  expect([...layer.namedVariables().keys()]).toEqual(['weight']);
  expect(
    await values(
      layer.forward(
        tensor([
          [
            [10, 10],
            [10, 10],
          ],
        ]),
      ),
    ),
  ).toEqual([10, 11, 12, 13]);
  expect(() => layer.forward(rng.normal([1, 6, 2]))).toThrow(/at most 5 positions/);
});
