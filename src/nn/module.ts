/**
 * Modules: classes whose fields are variables, layers, or arrays and records of them. Nothing is registered: a walk over
 * the fields finds the variables, and their paths are their names. Layers use PyTorch's field names (`weight`,
 * `running_mean`, `in_proj_weight`), so that published weights load without a map.
 */
import { UsageError } from '../core/errors.js';
import { currentTrace, Variable } from '../core/leaves.js';
import type { Tensor } from '../core/tensor.js';
import '../ops/index.js';
import type { Rng } from '../random/rng.js';

/** What a forward pass needs to know beyond its input. There is no global mode: layers that differ are told. */
export interface Context {
  /** Training: drop, use the batch's statistics and update the running ones. Default false: evaluation. */
  readonly train?: boolean;
  /** Where noise comes from; needed by layers that draw while training. */
  readonly rng?: Rng;
}

export abstract class Module {
  /** The variables below this module by path (`encoder.0.weight`), as `namedVariables` finds them. */
  namedVariables(prefix = ''): Map<string, Variable> {
    return namedVariables(this, prefix);
  }

  /** All variables, running statistics included. */
  variables(): Variable[] {
    return [...this.namedVariables().values()];
  }

  /** The variables that an optimizer moves. */
  parameters(): Variable[] {
    return this.variables().filter((variable) => variable.trainable);
  }
}

/** A module from one tensor to one tensor. */
export type Layer = Module & { forward(x: Tensor, context?: Context): Tensor };

/**
 * The variables in a module, or in arrays and records of modules, by path. A variable met twice (tied weights) appears
 * once, under its first path. The longest path under which a variable was ever found becomes its name: walking a whole
 * model names its variables, and walking a part of it later does not rename them.
 */
export function namedVariables(root: unknown, prefix = ''): Map<string, Variable> {
  const found = new Map<string, Variable>();
  const seen = new Set<unknown>();
  const walk = (value: unknown, path: string): void => {
    if (!isNest(value) || seen.has(value)) return;
    seen.add(value);
    if (value instanceof Variable) {
      found.set(path, value);
      if (path.length > value.name.length) value.name = path;
    } else {
      for (const [key, child] of Object.entries(value)) walk(child, path === '' ? key : `${path}.${key}`);
    }
  };
  walk(root, prefix);
  return found;
}

/** Whether a field can hold variables: modules, variables, arrays and plain records. */
function isNest(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Module || value instanceof Variable || Array.isArray(value)) return true;
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** The value that the function being traced has assigned to a variable so far: what the next update builds on. */
export function latest(variable: Variable): Tensor {
  return currentTrace()?.assignments.get(variable) ?? variable;
}

/**
 * The noise source of a context.
 * @throws UsageError where there is none
 */
export function rngOf(operation: string, { rng }: Context): Rng {
  if (rng !== undefined) return rng;
  throw new UsageError({
    operation,
    expected: 'a random source while training',
    got: 'none',
    remedy: 'Pass it along: forward(x, { train: true, rng }).',
  });
}
