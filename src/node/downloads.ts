/**
 * Downloads that survive interruption: a file grows as `<name>.part`, is continued with a Range request, checked
 * against its published size and sha256, synced to disk and only then given its name.
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat, truncate, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataError, GeneraError, StorageError } from '../core/errors.js';
import type { DataFile } from '../data/source.js';

export interface DownloadProgress {
  readonly file: DataFile;
  /** Bytes on disk, those of an earlier attempt included. */
  readonly received: number;
  /** Bytes of the whole file, where known. */
  readonly total?: number;
}

export interface DownloadOptions {
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Give up an attempt when nothing has come for so long; default 30. */
  readonly stallSeconds?: number;
  /** New attempts at an address after the connection broke off in mid-file; default 2. */
  readonly retries?: number;
  readonly signal?: AbortSignal;
}

/** A lock whose owner has not touched it for so long belongs to a process that died. */
const LOCK_STALE_MS = 10_000;
const LOCK_TOUCH_MS = 2_000;

/**
 * Brings a file from the first of its addresses that gives it to the place `to`. Another process that is downloading
 * the same file is waited for.
 *
 * @throws DataError when no address gives the published file; what came is kept for the next attempt
 * @throws StorageError when the file cannot be written
 */
export async function download(file: DataFile, to: string, options: DownloadOptions = {}): Promise<void> {
  await onDisk(to, () => mkdir(dirname(to), { recursive: true }));
  await withLock(`${to}.lock`, async () => {
    if (await sizeOf(to)) return;
    const failures: string[] = [];
    for (const address of file.addresses) {
      try {
        await fetchVerified(file, address, `${to}.part`, options);
        await onDisk(to, () => rename(`${to}.part`, to));
        await syncDirectory(dirname(to));
        return;
      } catch (error) {
        if (error instanceof GeneraError) throw error;
        if (options.signal?.aborted) throw error;
        failures.push(`${address}: ${reasonOf(error)}`);
      }
    }
    throw new DataError({
      operation: `downloading ${file.path}`,
      expected: 'the file at its address',
      got: failures.join('; ') || 'no address',
      remedy: `Try again with a network connection (what has come is kept), or get the file by other means and put it at ${to}.`,
    });
  });
}

/** Completes the part file from one address and checks it; a wrong file that was pieced together is got anew, once. */
async function fetchVerified(file: DataFile, address: string, part: string, options: DownloadOptions): Promise<void> {
  const { retries = 2 } = options;
  const continued = (await sizeOf(part)) > 0;
  for (let attempt = 0; ; attempt++) {
    try {
      await fetchRest(file, address, part, options);
      break;
    } catch (error) {
      const brokeOff = error instanceof BrokenOff && attempt < retries && !options.signal?.aborted;
      if (!brokeOff) throw error;
    }
  }
  const fault = await faultOf(file, part);
  if (fault === undefined) return;
  await rm(part, { force: true });
  if (continued) return fetchVerified(file, address, part, options);
  throw new Error(`gives another file than published (expected ${fault.expected}, got ${fault.got})`);
}

/** The connection ended in mid-file. */
class BrokenOff extends Error {}

/** Appends what is missing to the part file. */
async function fetchRest(file: DataFile, address: string, part: string, options: DownloadOptions): Promise<void> {
  const { onProgress, stallSeconds = 30, signal } = options;
  let have = await sizeOf(part);
  if (file.bytes !== undefined && have === file.bytes) return;
  if (file.bytes !== undefined && have > file.bytes) {
    await onDisk(part, () => truncate(part, 0));
    have = 0;
  }

  const stalled = new AbortController();
  const stop = () => stalled.abort(new Error(`nothing came for ${stallSeconds} seconds`));
  let timer = setTimeout(stop, stallSeconds * 1000);
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(stop, stallSeconds * 1000);
  };
  try {
    const response = await fetch(address, {
      // A compressed transfer would be unpacked on arrival, and the file be another.
      headers: { 'accept-encoding': 'identity', ...(have > 0 ? { range: `bytes=${have}-` } : {}) },
      signal: signal === undefined ? stalled.signal : AbortSignal.any([signal, stalled.signal]),
    });
    if (have > 0 && (response.status === 416 || (response.status === 206 && rangeStart(response) !== have))) {
      // The server has no more bytes than we, or sends others than asked for: begin anew.
      await response.body?.cancel();
      await onDisk(part, () => truncate(part, 0));
      return await fetchRest(file, address, part, options);
    }
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    }

    const resumed = response.status === 206;
    let received = resumed ? have : 0;
    const length = response.headers.get('content-length');
    const total = length === null ? file.bytes : received + Number(length);
    const handle = await onDisk(part, () => open(part, resumed ? 'a' : 'w'));
    try {
      const report = () => onProgress?.({ file, received, ...(total === undefined ? {} : { total }) });
      report();
      try {
        for await (const chunk of response.body) {
          alive();
          await onDisk(part, () => writeAll(handle, chunk as Uint8Array));
          received += (chunk as Uint8Array).length;
          report();
        }
      } catch (error) {
        if (error instanceof GeneraError) throw error;
        throw new BrokenOff(`broke off after ${received} of ${total ?? 'unknown'} bytes (${reasonOf(error)})`);
      }
      if (total !== undefined && received < total) throw new BrokenOff(`ended after ${received} of ${total} bytes`);
    } finally {
      await onDisk(part, () => handle.sync());
      await handle.close();
    }
  } finally {
    clearTimeout(timer);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}

function rangeStart(response: Response): number | undefined {
  const match = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  return match === null ? undefined : Number(match[1]);
}

/** How a file on disk differs from the published one; undefined when it does not. */
export async function faultOf(
  { sha256, bytes }: DataFile,
  path: string,
): Promise<{ readonly expected: string; readonly got: string } | undefined> {
  const size = await sizeOf(path);
  if (bytes !== undefined && size !== bytes) return { expected: `${bytes} bytes`, got: `${size} bytes` };
  if (sha256 === undefined) return undefined;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  const digest = hash.digest('hex');
  return digest === sha256 ? undefined : { expected: `sha256 ${sha256}`, got: `sha256 ${digest}` };
}

/** Size of a file, 0 when there is none. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw storageError(path, error);
  }
}

/** Does `work` as the only process that holds the lock file, whose owner shows that it lives by touching it. */
async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await (await open(path, 'wx')).close();
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw storageError(path, error);
      const touched = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => Date.now(), // just released
      );
      if (Date.now() - touched > LOCK_STALE_MS) await rm(path, { force: true });
      else await sleep(100);
    }
  }
  const touch = () => utimes(path, new Date(), new Date()).catch(() => undefined);
  const heartbeat = setInterval(touch, LOCK_TOUCH_MS);
  try {
    await work();
  } finally {
    clearInterval(heartbeat);
    await rm(path, { force: true });
  }
}

/** Makes a rename last through a power cut; systems that cannot sync a directory do without. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // nothing to do: the file itself is synced
  }
}

/** Runs a file operation; its failure is a StorageError that names the place. */
async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(path, error);
  }
}

function storageError(path: string, cause: unknown): StorageError {
  return new StorageError(
    {
      operation: `writing ${path}`,
      expected: 'a place to keep the download',
      got: reasonOf(cause),
      remedy: 'Free space, or grant rights there, or choose another directory with XDG_CACHE_HOME.',
    },
    { cause },
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** The innermost reason: `fetch` says only "fetch failed", its cause says why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  // A connection tried at several addresses fails with a list.
  const first = error instanceof AggregateError ? error.errors[0] : undefined;
  return error.message || (first === undefined ? (codeOf(error) ?? error.name) : reasonOf(first));
}
