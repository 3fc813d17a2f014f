/**
 * Who may talk to a server that runs on somebody's own machine. Web pages from elsewhere must not: their browser names
 * them in `Origin`, and a name that was pointed at this machine only after the page was loaded (DNS rebinding) shows in
 * `Host`.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { UsageError } from '../node/index.js';
import { HttpError } from './errors.js';

export interface GuardOptions {
  /** The address that is listened on. */
  readonly host: string;
  /** What a client must know; undefined: nothing. */
  readonly token: string | undefined;
}

/** Whether only programs on this machine can reach an address. */
export function isLoopback(host: string): boolean {
  const name = bare(host);
  return name === 'localhost' || name === '::1' || /^127(\.\d+){3}$/.test(name);
}

/** @throws UsageError for an address that others can reach, where they would need no token */
export function requireToken(operation: string, { host, token }: GuardOptions): void {
  if (isLoopback(host) || token !== undefined) return;
  throw new UsageError({
    operation,
    expected: `a token, since other machines can reach ${host}`,
    got: 'none',
    remedy: 'Add --token with a secret of your own, or leave --host out to serve this machine only.',
  });
}

/** Checks that a request addresses this server by a name of its own, and does not come from a foreign page. */
export function checkSource(request: IncomingMessage, { host }: Pick<GuardOptions, 'host'>): void {
  const { host: asked = '', origin } = request.headers;
  const operation = `${request.method} ${request.url}`;
  const name = bare(asked.replace(/:\d+$/, '')).toLowerCase();
  const names = ['localhost', bare(host).toLowerCase(), hostname().toLowerCase()];
  // A number cannot be pointed elsewhere, only names can.
  if (isIP(name) === 0 && !names.includes(name)) {
    throw new HttpError(
      403,
      {
        operation,
        expected: `a Host header that names this server, such as ${names[0]}`,
        got: `'${asked}'`,
        remedy: 'Open the address that the server printed.',
      },
      { code: 'foreign_host' },
    );
  }
  if (origin === undefined || originHost(origin) === asked.toLowerCase()) return;
  throw new HttpError(
    403,
    {
      operation,
      expected: 'a request of this server’s own pages, or of a program that is no web page',
      got: `Origin '${origin}'`,
      remedy: 'Web pages of other servers may not use this one.',
    },
    { code: 'foreign_origin' },
  );
}

/** Checks the token, in `Authorization: Bearer …` or, where headers cannot be set, in `?token=…`. */
export function checkToken(request: IncomingMessage, url: URL, { token }: Pick<GuardOptions, 'token'>): void {
  if (token === undefined) return;
  const [, given] = /^Bearer\s+(.+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const shown = given ?? url.searchParams.get('token') ?? undefined;
  if (shown !== undefined && equal(shown, token)) return;
  throw new HttpError(
    401,
    {
      operation: `${request.method} ${url.pathname}`,
      expected: 'the token of this server',
      got: shown === undefined ? 'none' : 'another one',
      remedy: 'Send the header Authorization: Bearer <token>.',
    },
    { code: 'invalid_token', headers: { 'www-authenticate': 'Bearer' } },
  );
}

/** Compares in a time that does not tell how much agrees. */
function equal(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** '[::1]' → '::1' */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).host.toLowerCase();
  } catch {
    return undefined; // 'null', which a page in a sandbox sends
  }
}
