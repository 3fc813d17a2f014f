/** A fed value from run to run: it is made when it is asked for, or by the other thread during the run before. */
import { allocate, type TypedArray } from '../core/dtype.js';
import type { FeedAttrs, FeedContext } from '../core/leaves.js';
import { sizeOf } from '../core/shape.js';
import type { Ahead, Pending } from './ahead.js';

/** Fewer elements are made sooner than another thread is told to. */
const worthwhile = 2048;

export class FedValue {
  private readonly attrs: FeedAttrs;
  private readonly ahead: Ahead | undefined;
  private readonly data: TypedArray;
  private last: FeedContext | undefined;
  private next: { readonly context: FeedContext; readonly pending: Pending } | undefined;

  constructor(attrs: FeedAttrs, ahead: Ahead | undefined) {
    this.attrs = attrs;
    this.data = allocate(attrs.type.dtype, sizeOf(attrs.type.shape));
    this.ahead = attrs.draw === undefined || this.data.length < worthwhile ? undefined : ahead;
  }

  /** The value in a run; the array is valid until the next call. */
  at(context: FeedContext): TypedArray {
    const { attrs, data, next } = this;
    const ready = next !== undefined && same(next.context, context) && next.pending.take([data]);
    if (!ready) attrs.fill(data, context);
    this.prepare(context);
    return data;
  }

  /** After two steps in a row the next one is expected to follow. */
  private prepare(context: FeedContext): void {
    const { ahead, attrs, last } = this;
    this.last = context;
    this.next = undefined;
    if (ahead === undefined || last === undefined || !same(after(last), context)) return;
    const argument = { draw: attrs.draw, context: after(context) };
    this.next = { context: after(context), pending: ahead.begin({ task: 'draw', argument, outputs: [attrs.type] }) };
  }
}

function after({ seed, step, firstRow }: FeedContext): FeedContext {
  return { seed, step: step + 1, firstRow };
}

function same(a: FeedContext, b: FeedContext): boolean {
  return a.seed === b.seed && a.step === b.step && a.firstRow === b.firstRow;
}
