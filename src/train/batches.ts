/** The batches of a training run, each made by the other thread, where there is one, while the step before is computed. */
import { allocate, dtypeOf } from '../core/dtype.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor } from '../core/tensor.js';
import type { DataSet } from '../data/data-set.js';
import type { HostBatch } from '../data/host-batches.js';
import { type Batch, createLoader, type Loader, type LoaderOptions } from '../data/loader.js';
import { type Ahead, type Pending, type Shared, worthwhile } from '../runtime/ahead.js';

/** About what an element of a batch costs, in ns. */
const cost = 2;

export class TrainingBatches {
  private readonly loader: Loader;
  private readonly ahead: { readonly thread: Ahead; readonly loader: Shared } | undefined;
  private next: { readonly index: number; readonly batch: HostBatch; readonly pending: Pending } | undefined;
  private last = -1;

  /** Windows of text are copied in no time, and may lie in files: they are read on this thread, as small batches are. */
  constructor(dataSet: DataSet, options: LoaderOptions & { readonly dropLast: true }, thread: Ahead | undefined) {
    this.loader = createLoader(dataSet, options);
    const small = cost * options.batchSize * sizeOf(dataSet.shape) < worthwhile;
    if (thread === undefined || small || dataSet.text !== undefined) return;
    const { id, split, kind, shape, count, items, labels, checksum } = dataSet;
    const plain = { id, split, kind, shape, count, items, checksum, ...(labels === undefined ? {} : { labels }) };
    this.ahead = { thread, loader: thread.share({ dataSet: plain, options }) };
  }

  get stepsPerEpoch(): number {
    return this.loader.stepsPerEpoch;
  }

  /** A batch counted on through the epochs. */
  at(index: number): HostBatch {
    const { next } = this;
    const ready = next?.index === index && next.pending.take(arraysOf(next.batch));
    const batch = ready ? next.batch : hostBatchOf(this.loader.batch(index));
    this.prepare(index, batch);
    return batch;
  }

  /** After two batches in a row the next one is expected to follow; all have the same size. */
  private prepare(index: number, like: HostBatch): void {
    const inRow = index === this.last + 1;
    this.last = index;
    this.next = undefined;
    if (this.ahead === undefined || !inRow) return;
    const { thread, loader } = this.ahead;
    const x = blank(like.x);
    const batch = like.labels === undefined ? { x } : { x, labels: blank(like.labels) };
    const outputs = batch.labels === undefined ? [batch.x] : [batch.x, batch.labels];
    const argument = { loader: loader.id, batch: index + 1 };
    this.next = { index: index + 1, batch, pending: thread.begin({ task: 'batch', argument, outputs }) };
  }
}

function arraysOf({ x, labels }: HostBatch): HostTensor['data'][] {
  return labels === undefined ? [x.data] : [x.data, labels.data];
}

function blank({ shape, dtype, data }: HostTensor): HostTensor {
  return { shape, dtype, data: allocate(dtype, data.length) };
}

function hostBatchOf({ x, labels, shape, size, continues }: Batch): HostBatch {
  return {
    x: { shape, dtype: dtypeOf(x), data: x },
    ...(continues === undefined ? {} : { continues: hostScalar(continues ? 1 : 0) }),
    ...(labels === undefined ? {} : { labels: { shape: [size], dtype: 'int32', data: labels } as HostTensor }),
  };
}

function hostScalar(value: number): HostTensor {
  return { shape: [], dtype: 'float32', data: Float32Array.of(value) };
}
