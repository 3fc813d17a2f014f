/** Tracing: running a function on symbolic tensors and collecting what it assigns. */
import type { Variable } from './leaves.js';
import type { Tensor } from './tensor.js';

export interface Trace {
  readonly assignments: Map<Variable, Tensor>;
}

const stack: Trace[] = [];

/** The innermost function that is being traced. */
export function currentTrace(): Trace | undefined {
  return stack[stack.length - 1];
}

/** Runs `fn` once, symbolically; returns its result and the assignments it made. */
export function traceCall<R>(fn: () => R): { result: R; assignments: Map<Variable, Tensor> } {
  const trace: Trace = { assignments: new Map() };
  stack.push(trace);
  try {
    return { result: fn(), assignments: trace.assignments };
  } finally {
    stack.pop();
  }
}
