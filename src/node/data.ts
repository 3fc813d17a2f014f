/** Data files in Node: from a directory of the user's, from the cache, or from their publisher. */

import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { DataError, StorageError, UsageError } from '../core/errors.js';
import type { DataFile, DataSource, FoundFile } from '../data/source.js';
import { type DownloadOptions, download, faultOf } from './downloads.js';

export interface NodeDataSourceOptions extends DownloadOptions {
  /** Directory with data sets in it, `<dataDir>/mnist/train-images-idx3-ubyte.gz`; looked at first. */
  readonly dataDir?: string;
  /** Where downloads are kept; default `$XDG_CACHE_HOME/genera`, else `~/.cache/genera`. */
  readonly cacheDir?: string;
  /** Environment to read GENERA_DATA and XDG_CACHE_HOME from. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * A source that looks for a file in `dataDir`, then in `$GENERA_DATA`, then in the cache, and downloads it to the cache
 * when it is nowhere.
 *
 * In the user's directories a file may also lie uncompressed, without `.gz`, and is taken as it is: its format is
 * checked on reading, its checksum is not. In the cache it must be the published file.
 */
export function nodeDataSource(options: NodeDataSourceOptions = {}): DataSource {
  const { dataDir, env = process.env, ...downloading } = options;
  const cacheDir = options.cacheDir ?? join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'genera');
  const directories = [
    { path: dataDir, name: 'data directory' },
    { path: env.GENERA_DATA, name: 'GENERA_DATA' },
  ].flatMap(({ path, name }) => (path ? [{ path: resolve(path), name }] : []));

  return {
    async read(file) {
      for (const { path, name } of directories) {
        const found = await findIn(path, name, file);
        if (found !== undefined) return found;
      }
      const place = join(cacheDir, file.path);
      if (!(await isFile(place))) await getFile(file, place, directories[0]?.path, downloading);
      await checkCached(file, place);
      return { bytes: await readBytes(place), location: place };
    },
  };
}

async function findIn(directory: string, name: string, file: DataFile): Promise<FoundFile | undefined> {
  const there = await stat(directory).catch(() => undefined);
  if (!there?.isDirectory()) {
    throw new UsageError({
      operation: name,
      expected: 'a directory with data sets in it',
      got: `${directory}, which is ${there === undefined ? 'not there or cannot be read' : 'no directory'}`,
      remedy: 'Name an existing directory, or none: then data is downloaded.',
    });
  }
  for (const path of [file.path, file.path.replace(/\.gz$/, '')]) {
    const location = join(directory, path);
    if (await isFile(location)) return { bytes: await readBytes(location), location };
  }
  return undefined;
}

async function getFile(
  file: DataFile,
  place: string,
  directory: string | undefined,
  options: DownloadOptions,
): Promise<void> {
  try {
    await download(file, place, options);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const named = directory ?? '<a directory named by --data-dir or GENERA_DATA>';
    throw new DataError(`${error.message} It may also lie at ${join(named, file.path)}.`, { cause: error });
  }
}

async function checkCached(file: DataFile, place: string): Promise<void> {
  const fault = await faultOf(file, place);
  if (fault === undefined) return;
  throw new DataError({
    operation: `reading ${place}`,
    ...fault,
    remedy: 'The cached file is damaged: delete it, and it is downloaded again.',
  });
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new StorageError(
      {
        operation: `reading ${path}`,
        expected: 'a readable file',
        got: cause instanceof Error ? cause.message : String(cause),
        remedy: 'Grant rights to it.',
      },
      { cause },
    );
  }
}
