import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StorageError } from '../../src/core/errors.js';
import { removeLeftovers, writeDirectoryWhole, writeFileWhole } from '../../src/node/files.js';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'genera-files-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true });
});

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: no luck, ${syscall} '/somewhere'`), { code, syscall });
}

describe('writeFileWhole', () => {
  it('makes directories, replaces content, leaves nothing else', async () => {
    const path = join(dir, 'a', 'b', 'file.txt');
    await writeFileWhole(path, 'one');
    await writeFileWhole(path, new TextEncoder().encode('two'));
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(join(dir, 'a', 'b'))).toEqual(['file.txt']);
  });

  it.each([
    ['ENOSPC', /disk is full.*free some space/i],
    ['EDQUOT', /quota/],
    ['EACCES', /rights/],
    ['EROFS', /choose another place/],
  ])('on %s keeps the old content, removes its own, and says what to do', async (code, remedy) => {
    const path = join(dir, 'file.txt');
    writeFileSync(path, 'old');
    const open = fs.open;
    vi.spyOn(fs, 'open').mockImplementation(async (...args) => {
      const handle = await open(...args);
      vi.spyOn(handle, 'writeFile').mockRejectedValue(systemError(code, 'write'));
      return handle;
    });
    const error = await writeFileWhole(path, 'new').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StorageError);
    expect((error as Error).message).toContain(path);
    expect((error as Error).message).toContain(code);
    expect((error as Error).message).toMatch(remedy);
    expect((error as Error).message).not.toContain('/somewhere');
    expect(readdirSync(dir)).toEqual(['file.txt']);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  it('on a file in the place of a directory is a StorageError', async () => {
    writeFileSync(join(dir, 'x'), '');
    await expect(writeFileWhole(join(dir, 'x', 'y.txt'), '')).rejects.toThrow(StorageError);
    await expect(writeFileWhole(join(dir, 'x', 'z', 'y.txt'), '')).rejects.toThrow(/directory should be/);
  });

  it('lets faults of the program through as they are', async () => {
    vi.spyOn(fs, 'rename').mockRejectedValue(new TypeError('a fault'));
    await expect(writeFileWhole(join(dir, 'x'), '')).rejects.toThrow(TypeError);
  });
});

describe('writeDirectoryWhole', () => {
  it('writes all files, replacing a directory of that name', async () => {
    await writeDirectoryWhole(join(dir, 'd'), { a: '1', b: '2' });
    await writeDirectoryWhole(join(dir, 'd'), { b: '3' });
    expect(readdirSync(dir)).toEqual(['d']);
    expect(readdirSync(join(dir, 'd'))).toEqual(['b']);
    expect(readFileSync(join(dir, 'd', 'b'), 'utf8')).toBe('3');
  });

  it('leaves the old directory when a write fails', async () => {
    await writeDirectoryWhole(join(dir, 'd'), { a: '1' });
    vi.spyOn(fs, 'mkdir').mockImplementation(async (path) => {
      if (String(path).includes('.tmp-')) throw systemError('ENOSPC', 'mkdir');
      return undefined;
    });
    await expect(writeDirectoryWhole(join(dir, 'd'), { a: '2' })).rejects.toThrow(StorageError);
    expect(readFileSync(join(dir, 'd', 'a'), 'utf8')).toBe('1');
    expect(readdirSync(dir)).toEqual(['d']);
  });
});

it('removeLeftovers removes what was not finished and nothing else', async () => {
  writeFileSync(join(dir, '.tmp-config.json-12345678'), '');
  writeFileSync(join(dir, 'config.json'), '');
  await fs.mkdir(join(dir, '.tmp-step-3-12345678'));
  writeFileSync(join(dir, '.tmp-step-3-12345678', 'state.safetensors'), '');
  await removeLeftovers(dir);
  await removeLeftovers(join(dir, 'not-there'));
  expect(readdirSync(dir)).toEqual(['config.json']);
});
