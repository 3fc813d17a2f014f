import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataError, StorageError } from '../../src/core/errors.js';
import type { DataFile } from '../../src/data/source.js';
import { type DownloadProgress, download, faultOf } from '../../src/node/downloads.js';

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 9)) & 255);
const sha256 = createHash('sha256').update(content).digest('hex');

let folder: string;
let server: Server;
let base: string;
let requests: IncomingMessage[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'genera-downloads-'));
  requests = [];
  answer = withRanges;
  server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(folder, { recursive: true, force: true });
});

/** A server that knows Range. */
function withRanges(request: IncomingMessage, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (start >= content.length) response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  else if (start === 0) response.writeHead(200, { 'content-length': content.length }).end(content);
  else {
    response.writeHead(206, {
      'content-length': content.length - start,
      'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
    });
    response.end(content.subarray(start));
  }
}

/** A server that knows no Range: always all of it. */
const withoutRanges: typeof answer = (_, response) => response.writeHead(200).end(content);

const fileAt = (...addresses: string[]): DataFile => ({
  path: 'set/file.gz',
  addresses,
  sha256,
  bytes: content.length,
});
const target = () => join(folder, 'set', 'file.gz');
const part = () => `${target()}.part`;
const ranges = () => requests.map(({ headers }) => headers.range);

async function startPart(bytes: Uint8Array): Promise<void> {
  await mkdir(join(folder, 'set'), { recursive: true });
  await writeFile(part(), bytes);
}

async function expectArrived(): Promise<void> {
  expect(Buffer.compare(await readFile(target()), content)).toBe(0);
  expect(await readdir(join(folder, 'set'))).toEqual(['file.gz']); // no part, no lock
}

describe('download', () => {
  test('brings the file, makes folders, reports progress up to the whole', async () => {
    const seen: DownloadProgress[] = [];
    await download(fileAt(`${base}/file`), target(), { onProgress: (progress) => seen.push(progress) });
    await expectArrived();
    expect(seen[0]).toMatchObject({ received: 0, total: content.length });
    expect(seen.at(-1)).toMatchObject({
      received: content.length,
      total: content.length,
      file: { path: 'set/file.gz' },
    });
    expect(requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  test('a file that is there is not asked for again', async () => {
    await download(fileAt(`${base}/file`), target());
    await download(fileAt(`${base}/file`), target());
    expect(requests).toHaveLength(1);
  });

  test('goes on where an earlier process stopped', async () => {
    await startPart(content.subarray(0, 123_456));
    const seen: number[] = [];
    await download(fileAt(`${base}/file`), target(), { onProgress: ({ received }) => seen.push(received) });
    await expectArrived();
    expect(ranges()).toEqual(['bytes=123456-']);
    expect(seen[0]).toBe(123_456);
  });

  test('a part that is complete needs no request', async () => {
    await startPart(content);
    await download(fileAt(`${base}/file`), target());
    await expectArrived();
    expect(requests).toHaveLength(0);
  });

  test('goes on by itself when the connection breaks in mid-file', async () => {
    answer = (request, response) => {
      if (requests.length > 2) return withRanges(request, response);
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(start === 0 ? 200 : 206, {
        'content-length': content.length - start,
        'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
      });
      response.write(content.subarray(start, start + 50_000), () => setTimeout(() => response.destroy(), 20));
    };
    await download(fileAt(`${base}/file`), target());
    await expectArrived();
    expect(ranges()).toEqual([undefined, 'bytes=50000-', 'bytes=100000-']);
  });

  test('what came before a final break is kept', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 50_000), () => setTimeout(() => response.destroy(), 20));
    };
    const failure = download(fileAt(`${base}/file`), target(), { retries: 0 });
    await expect(failure).rejects.toThrow(DataError);
    await expect(failure).rejects.toThrow(/broke off after 50000 of 300000 bytes/);
    expect(await readFile(part())).toHaveLength(50_000);
    answer = withRanges;
    await download(fileAt(`${base}/file`), target());
    await expectArrived();
    expect(ranges()).toEqual([undefined, 'bytes=50000-']);
  });

  test('a server that ignores Range sends all of it, and that is taken', async () => {
    await startPart(content.subarray(0, 1000));
    answer = withoutRanges;
    await download(fileAt(`${base}/file`), target());
    await expectArrived();
  });

  test('a server that answers another range than asked for is asked for everything', async () => {
    await startPart(content.subarray(0, 1000));
    answer = (request, response) => {
      if (request.headers.range === undefined) return withRanges(request, response);
      response.writeHead(206, { 'content-range': `bytes 0-99/${content.length}` }).end(content.subarray(0, 100));
    };
    await download(fileAt(`${base}/file`), target());
    await expectArrived();
    expect(ranges()).toEqual(['bytes=1000-', undefined]);
  });

  test('a part longer than the file, of unknown size, is dropped (416)', async () => {
    await startPart(new Uint8Array(content.length + 5));
    await download({ path: 'set/file.gz', addresses: [`${base}/file`], sha256 }, target());
    await expectArrived();
    expect(ranges()).toEqual([`bytes=${content.length + 5}-`, undefined]);
  });

  test('a part that began as another file is found out by checksum and got anew', async () => {
    await startPart(new Uint8Array(1000).fill(7));
    await download(fileAt(`${base}/file`), target());
    await expectArrived();
    expect(ranges()).toEqual(['bytes=1000-', undefined]);
  });

  test('a wrong checksum is an error and leaves nothing behind', async () => {
    const failure = download({ ...fileAt(`${base}/file`), sha256: 'a'.repeat(64) }, target());
    await expect(failure).rejects.toThrow(DataError);
    await expect(failure).rejects.toThrow(`expected sha256 ${'a'.repeat(64)}, got sha256 ${sha256}`);
    expect(await readdir(join(folder, 'set'))).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  test('a wrong size is an error', async () => {
    answer = (_, response) => response.end('<html>captive portal</html>');
    await expect(download(fileAt(`${base}/file`), target())).rejects.toThrow(/expected 300000 bytes, got 27 bytes/);
    expect(existsSync(target())).toBe(false);
  });

  test('404 says so, with address, place and remedy', async () => {
    answer = (_, response) => response.writeHead(404).end('no');
    const failure = download(fileAt(`${base}/file`), target());
    await expect(failure).rejects.toThrow(DataError);
    await expect(failure).rejects.toThrow(`${base}/file: the server answered 404`);
    await expect(failure).rejects.toThrow(`put it at ${target()}`);
  });

  test('connection refused says so', async () => {
    const closed = createServer();
    await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done));
    const { port } = closed.address() as AddressInfo;
    await new Promise((done) => closed.close(done));
    const failure = download(fileAt(`http://127.0.0.1:${port}/file`), target());
    await expect(failure).rejects.toThrow(DataError);
    await expect(failure).rejects.toThrow(/ECONNREFUSED/);
  });

  test('the next address is tried', async () => {
    answer = (request, response) =>
      request.url === '/bad' ? response.writeHead(500).end() : withRanges(request, response);
    await download(fileAt(`${base}/bad`, `${base}/good`), target());
    await expectArrived();
  });

  test('a server that falls silent is given up', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 1000));
    };
    const failure = download(fileAt(`${base}/file`), target(), { stallSeconds: 0.2, retries: 0 });
    await expect(failure).rejects.toThrow(/nothing came for 0.2 seconds/);
  });

  test('a signal stops it, and what came is kept', async () => {
    const stop = new AbortController();
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 1000));
    };
    const onProgress = ({ received }: DownloadProgress) => {
      if (received > 0) stop.abort(new Error('stopped by hand'));
    };
    await expect(download(fileAt(`${base}/file`), target(), { signal: stop.signal, onProgress })).rejects.toThrow(
      /stopped by hand/,
    );
    expect((await readFile(part())).length).toBe(1000);
    expect(requests).toHaveLength(1);
  });

  test('two at once: one asks, both have it', async () => {
    await Promise.all([download(fileAt(`${base}/file`), target()), download(fileAt(`${base}/file`), target())]);
    await expectArrived();
    expect(requests).toHaveLength(1);
  });

  test('the lock of a dead process is taken over', async () => {
    await startPart(content.subarray(0, 10));
    const lock = `${target()}.lock`;
    await writeFile(lock, '');
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(lock, longAgo, longAgo);
    await download(fileAt(`${base}/file`), target());
    await expectArrived();
  });

  test('a place that cannot be written is a StorageError that names it', async () => {
    await writeFile(join(folder, 'set'), 'a file where a folder should be');
    const failure = download(fileAt(`${base}/file`), target());
    await expect(failure).rejects.toThrow(StorageError);
    await expect(failure).rejects.toThrow(target());
  });

  test.skipIf(process.getuid?.() === 0)('a folder without rights is a StorageError', async () => {
    await mkdir(join(folder, 'set'));
    await chmod(join(folder, 'set'), 0o500);
    await expect(download(fileAt(`${base}/file`), target())).rejects.toThrow(StorageError);
  });
});

test('faultOf tells a good file from a bad one', async () => {
  const path = join(folder, 'x');
  await writeFile(path, content);
  expect(await faultOf(fileAt(), path)).toBeUndefined();
  expect(await faultOf({ ...fileAt(), bytes: 5 }, path)).toEqual({ expected: '5 bytes', got: '300000 bytes' });
  expect((await faultOf({ ...fileAt(), sha256: 'b' }, path))?.got).toBe(`sha256 ${sha256}`);
});
