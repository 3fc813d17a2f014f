/**
 * Files that survive crashes: each is written aside in its own directory, synced, and only then given its name, so a
 * reader sees the old content or the new, never a part. A refusal of the file system becomes a `StorageError`.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FormatError, StorageError, UsageError } from '../core/errors.js';

/** Names of files that are not finished begin so. */
const asidePrefix = '.tmp-';

/** What to do about an error of the file system, by its code. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space, or choose another place with --out.',
  EDQUOT: 'Your quota is used up: free some space, or choose another place with --out.',
  EFBIG: 'Raise the limit on the size of files (ulimit -f), or choose another place with --out.',
  EACCES: 'Grant yourself rights there, or choose another place with --out.',
  EPERM: 'Grant yourself rights there, or choose another place with --out.',
  EROFS: 'It cannot be written to: choose another place with --out.',
  ENOTDIR: 'A file lies where a directory should be: move it away, or choose another place with --out.',
  EEXIST: 'A file lies where a directory should be: move it away, or choose another place with --out.',
  EISDIR: 'A directory lies where a file should be: move it away, or choose another place with --out.',
  ENOENT: 'Check the path.',
};

/** The code of an error of the file system, such as 'ENOENT'. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/**
 * Does work on files.
 * @throws StorageError in place of the file system's own error
 */
export async function onDisk<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = codeOf(cause);
    if (code === undefined || !(cause instanceof Error) || !('syscall' in cause)) throw cause;
    const remedy = remedies[code] ?? 'Check the disk and the path.';
    const got = cause.message.replace(/, \w+( '.*')?$/s, '');
    throw new StorageError({ operation, expected: 'the file system to allow it', got, remedy }, { cause });
  }
}

/** Makes a directory and those above it. */
export async function makeDirectory(path: string): Promise<void> {
  await onDisk(`make directory ${path}`, () => fs.mkdir(path, { recursive: true }));
}

/** Makes a rename last through a power cut. Systems that cannot sync a directory (Windows) do without. */
async function syncDirectory(path: string): Promise<void> {
  let handle: fs.FileHandle | undefined;
  try {
    handle = await fs.open(path, 'r');
    await handle.sync();
  } catch (error) {
    if (!['EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP', 'EACCES'].includes(codeOf(error) ?? '')) throw error;
  } finally {
    await handle?.close();
  }
}

function nameAside(path: string): string {
  return join(dirname(path), `${asidePrefix}${basename(path)}-${randomBytes(4).toString('hex')}`);
}

async function writeSynced(path: string, data: Uint8Array | string): Promise<void> {
  const handle = await fs.open(path, 'wx');
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a file whole or not at all. Its directory is made where it is missing. */
export async function writeFileWhole(path: string, data: Uint8Array | string): Promise<void> {
  await makeDirectory(dirname(path));
  const aside = nameAside(path);
  await onDisk(`write ${path}`, async () => {
    try {
      await writeSynced(aside, data);
      await fs.rename(aside, path);
    } catch (error) {
      await fs.rm(aside, { force: true }).catch(() => undefined);
      throw error;
    }
    await syncDirectory(dirname(path));
  });
}

/** Writes a directory of files whole or not at all. One of that name that is there already is replaced. */
export async function writeDirectoryWhole(
  path: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  await makeDirectory(dirname(path));
  const aside = nameAside(path);
  await onDisk(`write ${path}`, async () => {
    try {
      await fs.mkdir(aside);
      for (const [name, data] of Object.entries(files)) await writeSynced(join(aside, name), data);
      await syncDirectory(aside);
      await removeDirectory(path);
      await fs.rename(aside, path);
    } catch (error) {
      await fs.rm(aside, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
    await syncDirectory(dirname(path));
  });
}

/** Removes a directory in such a way that it is there whole or not at all. */
export async function removeDirectory(path: string): Promise<void> {
  await onDisk(`remove ${path}`, async () => {
    const aside = nameAside(path);
    try {
      await fs.rename(path, aside);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw error;
    }
    await fs.rm(aside, { recursive: true, force: true });
  });
}

/** Whether a name is that of a file or directory that was not finished, or was being removed. */
export function isLeftover(name: string): boolean {
  return name.startsWith(asidePrefix);
}

/** Removes what interrupted writes have left in a directory. */
export async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await namesIn(directory)) {
    if (!isLeftover(name)) continue;
    const path = join(directory, name);
    await onDisk(`remove ${path}`, () => fs.rm(path, { recursive: true, force: true }));
  }
}

/** Names in a directory; none where there is no such directory. */
export async function namesIn(directory: string): Promise<string[]> {
  return onDisk(`read directory ${directory}`, async () => {
    try {
      return (await fs.readdir(directory)).sort();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  });
}

/** The content of a file, undefined where there is none. */
export async function readIfThere(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return onDisk(`read ${path}`, async () => {
    try {
      return new Uint8Array(await fs.readFile(path));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
}

/** The content of a text file, undefined where there is none. */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  const bytes = await readIfThere(path);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/**
 * A JSON file that the user names: an object.
 * @throws UsageError where it is missing or is no JSON object
 */
export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  const operation = `read ${path}`;
  const text = await readTextIfThere(path);
  if (text === undefined) {
    throw new UsageError({ operation, expected: 'a JSON file', got: 'no file', remedy: 'Check the path.' });
  }
  const value = parseObject(text);
  if (value !== undefined) return value;
  throw new UsageError({
    operation,
    expected: 'a JSON object such as {"latent": 32}',
    got: `other text: ${JSON.stringify(text.slice(0, 40))}`,
    remedy: 'Correct the file.',
  });
}

/**
 * A JSON file of genera's own: an object.
 * @throws FormatError where it is damaged
 */
export async function readOwnJson(path: string, remedy: string): Promise<Record<string, unknown> | undefined> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  const value = parseObject(text);
  if (value !== undefined) return value;
  const got = text.length === 0 ? 'an empty file' : `other text: ${JSON.stringify(text.slice(0, 40))}`;
  throw new FormatError({ operation: `read ${path}`, expected: 'a JSON object', got, remedy });
}

function parseObject(text: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
