/** The thread that prepares the next step. Threads run built files: these are imported from dist. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import type { Draw } from '../../src/core/leaves.js';
import type { DataSet } from '../../src/data/data-set.js';
import { createLoader } from '../../src/data/loader.js';
import { fillDraw } from '../../src/random/draw.js';
import type { Ahead } from '../../src/runtime/ahead.js';
import { TrainingBatches } from '../../src/train/batches.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
let ahead: Ahead;
beforeAll(async () => {
  spawnSync(process.execPath, [join(project, 'node_modules/typescript/bin/tsc'), '-b'], { cwd: project });
  const built: { aheadThread(): Ahead | undefined } = await import(join(project, 'dist/node/ahead.js'));
  ahead = built.aheadThread()!;
});

const draws: Draw[] = [
  { kind: 'normal', site: 7, itemSize: 33, offset: 2, scale: 0.5 },
  { kind: 'uniform', site: 8, seed: 9, itemSize: undefined, offset: -1, scale: 2 },
  { kind: 'exponential', site: 9, itemSize: 33, offset: 0, scale: 1 },
  { kind: 'integers', site: 10, itemSize: 33, offset: 0, scale: 1000 },
];

test.each(draws)('draws $kind noise bit for bit as this thread does', (draw) => {
  const context = { seed: 3, step: 4, firstRow: 5 };
  const dtype = draw.kind === 'integers' ? 'int32' : 'float32';
  const make = () => (dtype === 'int32' ? new Int32Array(66) : new Float32Array(66));
  const [expected, got] = [make(), make()];
  fillDraw(expected, draw, context);
  const pending = ahead.begin({ task: 'draw', argument: { draw, context }, outputs: [{ dtype, shape: [2, 33] }] });
  expect(pending.take([got])).toBe(true);
  expect(got).toEqual(expected);
  expect(new Set(got).size).toBeGreaterThan(50);
});

const images: DataSet = {
  id: 'images',
  split: 'train',
  kind: 'image',
  shape: [1, 160, 200],
  count: 50,
  items: Uint8Array.from({ length: 50 * 160 * 200 }, (_, i) => i),
  labels: Int32Array.from({ length: 50 }, (_, i) => i % 10),
  checksum: '',
};

test.each([images, (({ labels: _, ...rest }) => rest)(images)])('batches are those of the loader', (dataSet) => {
  const options = { batchSize: 8, seed: 2, dropLast: true } as const;
  const loader = createLoader(dataSet, options);
  const counted = { begun: 0, taken: 0 };
  const counting: Ahead = {
    share: (data) => ahead.share(data),
    begin: (job) => {
      counted.begun++;
      const pending = ahead.begin(job);
      return {
        take: (into) => {
          const ready = pending.take(into);
          if (ready) counted.taken++;
          return ready;
        },
      };
    },
  };
  const batches = new TrainingBatches(dataSet, options, counting);
  // Through three epochs, with a leap as after a restored checkpoint.
  for (const index of [0, 1, 2, 3, 4, 5, 6, 7, 13, 14, 15]) {
    const { x, labels } = loader.batch(index);
    const batch = batches.at(index);
    expect(batch.x.shape).toEqual([8, 1, 160, 200]);
    // `toEqual` takes seconds for arrays of this length.
    expect(batch.x.data.every((value, i) => value === x[i])).toBe(true);
    expect(batch.labels?.data).toEqual(labels);
  }
  expect(counted).toEqual({ begun: 10, taken: 8 });
});

test('a job that cannot be done is left to the caller, and the next one is done', () => {
  const outputs = [{ dtype: 'float32', shape: [4] }] as const;
  const argument = { loader: 999, batch: 0 };
  const [bad, good] = [argument, { draw: draws[0], context: { seed: 1, step: 1, firstRow: 0 } }];
  const [first, second] = [
    ahead.begin({ task: 'batch', argument: bad, outputs }),
    ahead.begin({ task: 'draw', argument: good, outputs: [{ dtype: 'float32', shape: [33] }] }),
  ];
  expect(first.take([new Float32Array(4)])).toBe(false);
  expect(second.take([new Float32Array(33)])).toBe(true);
});
