/** Memory comes back without the user's help: this file has a process of its own, and nobody calls the collector. */
import { expect, test } from 'vitest';
import { allot, compile, grad, type HostTensor, type Tensor, Variable } from '../../src/node/index.js';

const [batch, width, hidden] = [32, 784, 400];
/** Numbers in −1…1 without a pattern. */
const noise = (i: number): number => (Math.imul(i ^ (i >>> 7), 0x9e3779b1) >>> 8) / 2 ** 23 - 1;
const batchOf = (seed: number): HostTensor => ({
  shape: [batch, width],
  dtype: 'float32',
  data: Float32Array.from({ length: batch * width }, (_, i) => noise(i - seed)),
});

/** Makes an auto-encoder of 600,000 parameters, trains it for a few steps by momentum, and forgets it. */
async function trainAndForget(seed: number): Promise<void> {
  const variable = (shape: number[], scale: number): Variable =>
    new Variable(shape, {
      initial: () => Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => scale * noise(i + seed)),
    });
  const weights = [variable([width, hidden], 0.05), variable([hidden, width], 0.05)];
  const moments = weights.map((w) => variable([...w.shape], 0));
  allot([...weights, ...moments]);
  const step = compile((x: Tensor) => {
    const loss = x.matmul(weights[0]!).tanh().matmul(weights[1]!).sub(x).square().sum(1).mean();
    grad(loss, weights).forEach((g, i) => {
      const moment = moments[i]!.mul(0.9).add(g);
      moments[i]!.assign(moment);
      weights[i]!.assign(weights[i]!.sub(moment.mul(0.001)));
    });
    return loss;
  });
  const losses: number[] = [];
  for (let i = 0; i < 5; i++) losses.push(Number((await step.run([batchOf(seed)])).data[0]));
  expect(losses[4]).toBeLessThan(losses[0]!);
}

test('programs that train and are forgotten leave no memory behind', async () => {
  const resident: number[] = [];
  for (let i = 1; i <= 50; i++) {
    await trainAndForget(i);
    resident.push(process.memoryUsage().rss / 2 ** 20);
  }
  console.info(`resident, MiB: ${resident.map((mib) => mib.toFixed(0)).join(' ')}`);
  // The collector comes when it likes: the most after the first ten against the least after the last ten.
  const growth = Math.min(...resident.slice(-5)) / Math.max(...resident.slice(5, 10));
  expect(growth).toBeLessThan(1.15);
});
