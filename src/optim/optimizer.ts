/**
 * What an optimizer is: a rule that moves one tensor, applied to a list of tensors. It knows no network and no names;
 * the trainer hands it whole arenas as flat vectors, so that a step is a handful of graph nodes, each one pass over
 * memory. Numbers that change from step to step (learning rate, bias corrections) are scalars that the host computes in
 * float64 and feeds; what can be folded into them is.
 */
import { allocate } from '../core/dtype.js';
import { ShapeError } from '../core/errors.js';
import { fromStep, Variable } from '../core/leaves.js';
import { formatShape, type Shape, sameShape, sizeOf } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import type { Schedule } from './schedules.js';

/** Moving averages and sums by name (`exp_avg`, as in PyTorch), each a list that mirrors the list of parameters. */
export type Moments = Readonly<Record<string, readonly Variable[]>>;

/** Makes a float32 scalar from the number of the update, 1 for the first. */
export type AtStep = (label: string, at: (step: number) => number) => Tensor;

export interface UpdateContext {
  readonly gradients: readonly Tensor[];
  /** Values before the update, of the gradients' shapes. */
  readonly parameters: readonly Tensor[];
  /** What `init` made for parameters of these shapes. */
  readonly moments: Moments;
  /** Learning rate at each update. */
  readonly learningRate: Schedule;
  /** Default: the program's step counts the updates. A phase that moves at some steps only passes its own count. */
  readonly atStep?: AtStep;
}

export interface Optimizer {
  readonly name: string;
  /** Every setting, defaults included. */
  readonly settings: Readonly<Record<string, number | boolean>>;
  /**
   * Moments for parameters of these shapes. Place each in an arena of its own (`allot([moment])`): then updating it is
   * one write, without cutting and joining.
   */
  init(shapes: readonly Shape[]): Moments;
  /** Inside a compiled function: assigns the moments and returns the new parameters. */
  update(ctx: UpdateContext): Tensor[];
}

/** One tensor's gradient, value and moments → its new value and moments. */
export type Rule<M extends string> = (
  gradient: Tensor,
  parameter: Tensor,
  moments: Readonly<Record<M, Tensor>>,
) => { readonly parameter: Tensor; readonly moments: Readonly<Record<M, Tensor>> };

export interface OptimizerParts<M extends string> {
  readonly name: string;
  readonly settings: Readonly<Record<string, number | boolean>>;
  /** The moments and the value they start at. */
  readonly moments: Readonly<Record<M, number>>;
  /** Makes the scalars of a step, which all tensors share, and returns the rule. */
  rule(ctx: { readonly learningRate: Schedule; readonly atStep: AtStep }): Rule<M>;
}

/** An optimizer that applies `rule` to each tensor of a list. */
export function optimizer<M extends string>({ name, settings, moments: starts, rule }: OptimizerParts<M>): Optimizer {
  const names = Object.keys(starts) as M[];
  return {
    name,
    settings,
    init: (shapes) =>
      Object.fromEntries(names.map((m) => [m, shapes.map((shape) => variableLike(shape, m, starts[m]))])),
    update: ({ gradients, parameters, moments, learningRate, atStep = fromStep }) => {
      checkSameShapes(`${name} update, gradients`, parameters, gradients);
      for (const m of names) checkSameShapes(`${name} update, ${m}`, parameters, moments[m] ?? []);
      const move = rule({ learningRate, atStep });
      return parameters.map((parameter, i) => {
        const before = Object.fromEntries(names.map((m) => [m, moments[m]![i]!])) as Record<M, Variable>;
        const after = move(gradients[i]!, parameter, before);
        for (const m of names) before[m].assign(after.moments[m]);
        return after.parameter;
      });
    },
  };
}

/** A variable of optimizer state: filled with one value, moved by no optimizer. */
export function variableLike(shape: Shape, name: string, start = 0): Variable {
  const initial = (): Float32Array => allocate('float32', sizeOf(shape)).fill(start);
  return new Variable(shape, { name, trainable: false, initial });
}

/** @throws ShapeError unless `given` has the length and the shapes of `wanted` */
export function checkSameShapes(operation: string, wanted: readonly Tensor[], given: readonly Tensor[]): void {
  if (wanted.length === given.length && wanted.every((t, i) => sameShape(t.shape, given[i]!.shape))) return;
  const list = (tensors: readonly Tensor[]): string => `[${tensors.map((t) => formatShape(t.shape)).join(', ')}]`;
  throw new ShapeError({
    operation,
    expected: `shapes ${list(wanted)}, as the parameters have`,
    got: list(given),
    remedy: 'Pass one tensor for each parameter, in the same order.',
  });
}

/** keep·average + (1 − keep)·value, one step of an exponential moving average: three passes. */
export function blend(average: Tensor, keep: number, value: Tensor): Tensor {
  return average.mul(keep).add(value.mul(1 - keep));
}
