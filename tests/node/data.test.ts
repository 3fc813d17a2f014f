import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataError, UsageError } from '../../src/core/errors.js';
import { kmnist, mnist } from '../../src/data/idx-sets.js';
import type { DataFile } from '../../src/data/source.js';
import { nodeDataSource } from '../../src/node/data.js';
import { smallIdxSet } from '../data/idx-files.js';

const published = new TextEncoder().encode('the published file');
const sha256 = createHash('sha256').update(published).digest('hex');

let folder: string;
let server: Server;
let file: DataFile;
let requests: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'genera-data-'));
  requests = 0;
  server = createServer((_, response) => {
    requests++;
    response.end(published);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.gz`;
  file = { path: 'set/file.gz', addresses: [address], sha256, bytes: published.length };
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(folder, { recursive: true, force: true });
});

async function put(path: string, content: string | Uint8Array): Promise<string> {
  const place = join(folder, path);
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, content);
  return place;
}

const env = (variables: Record<string, string> = {}) => ({
  env: { XDG_CACHE_HOME: join(folder, 'cache'), ...variables },
});
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('nodeDataSource', () => {
  test('looks in the data directory, then GENERA_DATA, then the cache, then downloads', async () => {
    const mine = await put('mine/set/file.gz', 'mine');
    const shared = await put('shared/set/file.gz', 'shared');
    const cached = join(folder, 'cache/genera/set/file.gz');
    const options = { dataDir: join(folder, 'mine'), ...env({ GENERA_DATA: join(folder, 'shared') }) };

    let found = await nodeDataSource(options).read(file);
    expect([text(found.bytes), found.location]).toEqual(['mine', mine]);
    await rm(mine);
    found = await nodeDataSource(options).read(file);
    expect([text(found.bytes), found.location]).toEqual(['shared', shared]);
    expect(requests).toBe(0);
    await rm(shared);
    found = await nodeDataSource(options).read(file);
    expect([text(found.bytes), found.location]).toEqual(['the published file', cached]);
    expect(requests).toBe(1);
    await nodeDataSource(options).read(file);
    expect(requests).toBe(1);
    expect(text(await readFile(cached))).toBe('the published file');
  });

  test("takes an uncompressed file from the user's directory", async () => {
    const plain = await put('mine/set/file', 'plain');
    expect((await nodeDataSource({ dataDir: join(folder, 'mine'), ...env() }).read(file)).location).toBe(plain);
  });

  test('reports progress of the download', async () => {
    const seen: number[] = [];
    await nodeDataSource({ ...env(), onProgress: ({ received }) => seen.push(received) }).read(file);
    expect(seen.at(-1)).toBe(published.length);
  });

  test('a damaged file in the cache is named and may be deleted', async () => {
    const cached = await put('cache/genera/set/file.gz', 'the publishes file');
    const failure = nodeDataSource(env()).read(file);
    await expect(failure).rejects.toThrow(DataError);
    await expect(failure).rejects.toThrow(`reading ${cached}: expected sha256 ${sha256}`);
    await expect(failure).rejects.toThrow(/delete it, and it is downloaded again/);
    expect(existsSync(cached)).toBe(true);
    await rm(cached);
    expect(text((await nodeDataSource(env()).read(file)).bytes)).toBe('the published file');
  });

  test('without a network the error names file, address and the places to put it', async () => {
    await mkdir(join(folder, 'mine'));
    const away = { ...file, addresses: ['http://127.0.0.1:9/file.gz'] };
    const failure = nodeDataSource({ dataDir: join(folder, 'mine'), ...env() }).read(away);
    await expect(failure).rejects.toThrow(DataError);
    for (const part of [
      'downloading set/file.gz',
      'http://127.0.0.1:9/file.gz',
      join(folder, 'cache/genera/set/file.gz'),
      join(folder, 'mine/set/file.gz'),
    ]) {
      await expect(failure).rejects.toThrow(part);
    }
  });

  test('a data directory that is not there is a usage error, not a download', async () => {
    await expect(nodeDataSource({ dataDir: join(folder, 'typo'), ...env() }).read(file)).rejects.toThrow(UsageError);
    const variable = nodeDataSource(env({ GENERA_DATA: join(folder, 'typo') })).read(file);
    await expect(variable).rejects.toThrow(/GENERA_DATA: expected a directory/);
    expect(requests).toBe(0);
  });

  test('a data set is read through it', async () => {
    for (const [path, bytes] of smallIdxSet('mnist', { train: 20, test: 5 })) await put(`mine/${path}`, bytes);
    const set = await mnist.load('train', { source: nodeDataSource({ dataDir: join(folder, 'mine'), ...env() }) });
    expect(set.count).toBe(20);
  });
});

/** The published files, where this machine has them. */
const dataDir = process.env.GENERA_DATA ?? resolve('../shared/data');
const has = (path: string) => existsSync(join(dataDir, path));

/** True where the file is absent, which is then said. */
const lacks = (path: string) => {
  if (!has(path)) console.warn(`skipped: ${path} lies neither in GENERA_DATA nor in ../shared/data`);
  return !has(path);
};

describe.skipIf(lacks('mnist/train-images-idx3-ubyte.gz'))('MNIST', () => {
  const source = nodeDataSource({ dataDir, env: {} });

  test('the files are the published ones of the record', async () => {
    for (const file of mnist.files) {
      const { bytes } = await source.read(file);
      expect(bytes.length).toBe(file.bytes);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
    }
  });

  test('60,000 and 10,000 images with the known mean, deviation and label counts', async () => {
    const train = await mnist.load('train', { source });
    expect(train.count).toBe(60000);
    const histogram = new Float64Array(256);
    for (let i = 0; i < train.items.length; i++) histogram[train.items[i] as number]! += 1;
    const average = (f: (grey: number) => number) =>
      histogram.reduce((sum, n, byte) => sum + n * f(byte / 255), 0) / train.items.length;
    const mean = average((grey) => grey);
    expect(mean).toBeCloseTo(0.1307, 4);
    expect(Math.sqrt(average((grey) => (grey - mean) ** 2))).toBeCloseTo(0.3081, 4);
    const counts = new Array<number>(10).fill(0);
    for (const label of train.labels ?? []) counts[label] = (counts[label] as number) + 1;
    expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect([...(train.labels ?? [])].slice(0, 6)).toEqual([5, 0, 4, 1, 9, 2]);
    expect((await mnist.load('test', { source })).count).toBe(10000);
  });
});

describe.skipIf(lacks('kmnist/t10k-images-idx3-ubyte.gz'))('KMNIST', () => {
  test('the test split is the published one: 10,000 images, 1,000 of each class', async () => {
    const source = nodeDataSource({ dataDir, env: {} });
    for (const file of kmnist.files.filter(({ path }) => path.includes('t10k'))) {
      expect(
        createHash('sha256')
          .update((await source.read(file)).bytes)
          .digest('hex'),
      ).toBe(file.sha256);
    }
    const { labels = [] } = await kmnist.load('test', { source });
    for (let label = 0; label < 10; label++) expect([...labels].filter((other) => other === label)).toHaveLength(1000);
  });
});
