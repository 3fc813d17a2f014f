/** Errors that have a status of HTTP. */
import { type ErrorParts, GeneraError, UsageError } from '../node/index.js';

export interface HttpErrorOptions {
  /** A short name of the fault for programs. */
  readonly code?: string;
  /** The field of the request that is wrong. */
  readonly field?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is refused. */
export class HttpError extends GeneraError {
  override readonly name: string = 'HttpError';
  readonly status: number;
  readonly code: string | undefined;
  readonly field: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, parts: ErrorParts, { code, field, headers = {} }: HttpErrorOptions = {}) {
    super(parts);
    this.status = status;
    this.code = code;
    this.field = field;
    this.headers = headers;
  }
}

/** Something that is not there. */
export function notFound(what: string, expected: string, got: string, options?: HttpErrorOptions): HttpError {
  return new HttpError(404, { operation: what, expected, got }, options);
}

/** The status that tells whose fault an error is: the request's (4xx) or the server's (5xx). */
export function statusOf(error: unknown): number {
  if (error instanceof HttpError) return error.status;
  return error instanceof UsageError ? 400 : 500;
}
