/** Requests to handlers: paths with named segments, JSON bodies of bounded size, errors as JSON. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError, notFound, statusOf } from './errors.js';
import { checkSource, checkToken, type GuardOptions } from './guard.js';

/** One request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** Named segments of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Aborted when the client has gone before it was answered. */
  readonly signal: AbortSignal;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** '/api/runs/:id' */
  readonly path: string;
  handle(exchange: Exchange): Promise<void> | void;
}

export interface RouterOptions {
  readonly guard: GuardOptions;
  /** Paths below it are the routes'. */
  readonly prefix: string;
  readonly routes: readonly Route[];
  /** What an error looks like to the client. */
  errorBody(error: unknown, status: number): unknown;
  /** Answers what is not below the prefix; left out: nothing is there. */
  readonly otherwise?: (request: IncomingMessage, response: ServerResponse) => void;
  /** A reason for which nothing is answered any more. */
  refusal?(): HttpError | undefined;
}

/** A listener for `http.createServer`. */
export function router(options: RouterOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    response.setHeader('x-content-type-options', 'nosniff');
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort(new Error('the client has gone'));
    });
    dispatch(request, response, gone.signal, options).catch((error: unknown) => {
      if (gone.signal.aborted) return;
      const status = statusOf(error);
      if (response.headersSent) response.destroy();
      else {
        const headers = error instanceof HttpError ? error.headers : {};
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        sendJson(response, options.errorBody(error, status), status);
      }
      request.resume(); // what is left of a body that was refused
    });
  };
}

async function dispatch(
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
  { guard, prefix, routes, otherwise, refusal }: RouterOptions,
): Promise<void> {
  checkSource(request, guard);
  const url = urlOf(request);
  const inside = url.pathname.startsWith(prefix);
  if (!inside && otherwise !== undefined) return otherwise(request, response);
  checkToken(request, url, guard);
  const refused = refusal?.();
  if (refused !== undefined) throw refused;
  const here = routes.flatMap((route) => {
    const params = match(route.path, url.pathname);
    return params === undefined ? [] : [{ route, params }];
  });
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const found = here.find(({ route }) => route.method === method);
  const operation = `${request.method} ${url.pathname}`;
  if (found !== undefined) {
    return found.route.handle({ request, response, url, params: found.params, signal });
  }
  if (here.length === 0) {
    const known = [...new Set(routes.map(({ path }) => path))].join(', ');
    throw notFound(operation, `one of ${known}`, 'a path that is not served', { code: 'not_found' });
  }
  const allow = here.map(({ route }) => route.method).join(', ');
  throw new HttpError(
    405,
    { operation, expected: `the method ${allow}`, got: `${request.method}` },
    { code: 'method_not_allowed', headers: { allow } },
  );
}

function urlOf(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? '/', 'http://server');
  } catch {
    throw malformed(request, 'an address');
  }
}

function malformed({ method, url }: IncomingMessage, expected: string): HttpError {
  return new HttpError(400, { operation: `${method} ${url}`, expected, got: 'something malformed' });
}

/** Named segments where the path fits the pattern. */
function match(pattern: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    if (!segment.startsWith(':')) {
      if (segment !== given[i]) return undefined;
      continue;
    }
    try {
      params[segment.slice(1)] = decodeURIComponent(given[i]!);
    } catch {
      return undefined; // a '%' that begins no character
    }
  }
  return params;
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}

/**
 * The JSON object that a request carries; {} where it carries nothing.
 * @param limit bytes
 * @throws HttpError 413 where it is longer, 400 where it is no JSON object
 */
export async function readJson({ request, url }: Exchange, limit: number): Promise<Record<string, unknown>> {
  const operation = `${request.method} ${url.pathname}`;
  const tooLarge = (): HttpError =>
    new HttpError(
      413,
      { operation, expected: `a body of at most ${limit} bytes`, got: 'a longer one' },
      { code: 'body_too_large' },
    );
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge();
  const parts: Buffer[] = [];
  let length = 0;
  // The connection is kept when the reading ends early: the answer goes over it.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > limit) throw tooLarge();
    parts.push(part);
  }
  if (length === 0) return {};
  const text = Buffer.concat(parts).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  const got = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  throw new HttpError(400, { operation, expected: 'a JSON object as body', got }, { code: 'malformed_json' });
}
