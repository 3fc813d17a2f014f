/** A fed value from run to run: it is made when it is asked for, or by the other thread during the run before. */
import { allocate, type TypedArray } from '../core/dtype.js';
import type { Draw, FeedAttrs, FeedContext } from '../core/leaves.js';
import { sizeOf } from '../core/shape.js';
import { type Ahead, type Pending, worthwhile } from './ahead.js';

/** About what an element costs, in ns (two cores of an AMD EPYC). */
const costs: Readonly<Record<Draw['kind'], number>> = { normal: 15, uniform: 3, exponential: 20, integers: 3 };

export class FedValue {
  private readonly attrs: FeedAttrs;
  private readonly ahead: Ahead | undefined;
  private readonly data: TypedArray;
  private last: FeedContext | undefined;
  private next: { readonly context: FeedContext; readonly pending: Pending } | undefined;

  constructor(attrs: FeedAttrs, ahead: Ahead | undefined) {
    this.attrs = attrs;
    this.data = allocate(attrs.type.dtype, sizeOf(attrs.type.shape));
    const cost = attrs.draw === undefined ? 0 : costs[attrs.draw.kind] * this.data.length;
    this.ahead = cost < worthwhile ? undefined : ahead;
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
