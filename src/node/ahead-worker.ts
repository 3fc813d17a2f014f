/** What the thread of `ahead.ts` does. */
import { parentPort } from 'node:worker_threads';
import type { TypedArray } from '../core/dtype.js';
import type { Draw, FeedContext } from '../core/leaves.js';
import type { DataSet } from '../data/data-set.js';
import { createLoader, type Loader, type LoaderOptions } from '../data/loader.js';
import { fillDraw } from '../random/draw.js';
import type { Job } from '../runtime/ahead.js';
import { type Message, progress, resultsIn } from './ahead.js';

const shared = new Map<number, unknown>();
const loaders = new Map<number, Loader>();

function loaderOf(id: number): Loader {
  const present = loaders.get(id);
  if (present !== undefined) return present;
  const { dataSet, options } = shared.get(id) as { dataSet: DataSet; options: LoaderOptions };
  const loader = createLoader(dataSet, options);
  loaders.set(id, loader);
  return loader;
}

const tasks: Readonly<Record<Job['task'], (argument: unknown, outputs: readonly TypedArray[]) => void>> = {
  draw: (argument, [out]) => {
    const { draw, context } = argument as { draw: Draw; context: FeedContext };
    fillDraw(out!, draw, context);
  },
  batch: (argument, [x, labels]) => {
    const { loader, batch } = argument as { loader: number; batch: number };
    const made = loaderOf(loader).batch(batch);
    x!.set(made.x as never);
    if (labels !== undefined) labels.set(made.labels as never);
  },
};

parentPort!.on('message', (message: Message) => {
  if (message.kind === 'share') {
    shared.set(message.id, message.data);
    return;
  }
  const { job, slot } = message;
  const word = new Int32Array(slot, 0, 1);
  let state: number = progress.failed;
  try {
    tasks[job.task](job.argument, resultsIn(slot, job.outputs));
    state = progress.done;
  } catch {
    // Whoever asked does the work itself then, and meets the error where it can be reported.
  }
  Atomics.store(word, 0, state);
  Atomics.notify(word, 0);
});
