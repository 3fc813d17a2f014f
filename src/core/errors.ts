/**
 * Errors of genera. Each message says four things: the operation, what it expected, what it got, and the remedy.
 * The command line prints the message alone and exits with `exitStatus`.
 */

/** What a message is made of; `remedy` is a sentence that tells the user what to do. */
export interface ErrorParts {
  readonly operation: string;
  readonly expected: string;
  readonly got: string;
  readonly remedy?: string;
}

/** Base class: anything that a user, not a programmer of genera, can put right. */
export class GeneraError extends Error {
  /** Written out in each class: a bundler that minifies gives classes other names, and errors travel by this one. */
  override readonly name: string = 'GeneraError';
  /** 1: the work failed. 2: the command was wrong. */
  readonly exitStatus: 1 | 2 = 1;
  /** What the message is made of, where it was made of parts. */
  readonly parts: ErrorParts | undefined;

  constructor(parts: ErrorParts | string, options?: { cause?: unknown }) {
    super(typeof parts === 'string' ? parts : format(parts), options);
    this.parts = typeof parts === 'string' ? undefined : parts;
  }
}

function format({ operation, expected, got, remedy }: ErrorParts): string {
  const body = `${operation}: expected ${expected}, got ${got}.`;
  return remedy === undefined ? body : `${body} ${remedy}`;
}

/** Shapes that do not fit together. */
export class ShapeError extends GeneraError {
  override readonly name: string = 'ShapeError';
}

/** A dtype that an operation does not take. */
export class DTypeError extends GeneraError {
  override readonly name: string = 'DTypeError';
}

/** A graph that breaks a rule of the intermediate form: a fault of genera, not of the user. */
export class GraphError extends GeneraError {
  override readonly name: string = 'GraphError';
}

/** A gradient that was asked for where none is defined. */
export class GradientError extends GeneraError {
  override readonly name: string = 'GradientError';
}

/** The runtime could not build or run a program. */
export class BackendError extends GeneraError {
  override readonly name: string = 'BackendError';
}

/** A setting, option or name that is unknown, of the wrong type, or out of range. */
export class UsageError extends GeneraError {
  override readonly name: string = 'UsageError';
  override readonly exitStatus = 2;
}

/** A data set that is missing, truncated, foreign, or holds values out of range. */
export class DataError extends GeneraError {
  override readonly name: string = 'DataError';
}

/** A file of genera's own (checkpoint, safetensors, run) that is damaged, foreign, or of a newer version. */
export class FormatError extends GeneraError {
  override readonly name: string = 'FormatError';
}

/** The file system refused: no rights, no space, not a directory. */
export class StorageError extends GeneraError {
  override readonly name: string = 'StorageError';
}

/** A loss or parameter became NaN or infinite. */
export class NonFiniteError extends GeneraError {
  override readonly name: string = 'NonFiniteError';
}
