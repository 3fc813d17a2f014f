/** Names of runs, which are those of their directories: one level below the folder, and nowhere else. */
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, isLeftover, namesIn, onDisk } from '../../node/files.js';
import { HttpError } from '../errors.js';

/** Whether it can be the name of a run: no path, and not hidden. */
function isName(id: string): boolean {
  return id !== '' && !id.startsWith('.') && !/[/\\:\0]/.test(id);
}

/** A link to a folder elsewhere is none. */
async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** Names of what may be runs. */
export async function runNames(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const id of await namesIn(folder)) {
    if (isName(id) && !isLeftover(id) && (await isFolder(join(folder, id)))) found.push(id);
  }
  return found;
}

/** The directory of a run. @throws HttpError 404 for what is no name of one */
export function runPath(folder: string, id: string): string {
  if (isName(id)) return join(folder, id);
  throw unknownRun(id);
}

/** @throws HttpError 404 where there is no such directory */
export async function expectRun(folder: string, id: string): Promise<void> {
  if (!(await isFolder(runPath(folder, id)))) throw unknownRun(id);
}

export function unknownRun(id: string): HttpError {
  const parts = {
    operation: 'run',
    expected: 'the name of a run in the folder',
    got: JSON.stringify(id.slice(0, 60)),
    remedy: 'GET /api/runs lists them.',
  };
  return new HttpError(404, parts, { code: 'unknown_run' });
}

/** A free name for a run of a model, whose empty directory keeps it from others: vae, vae-2, … */
export async function reserveRun(folder: string, model: string): Promise<string> {
  await onDisk(`make directory ${folder}`, () => mkdir(folder, { recursive: true }));
  for (let n = 1; ; n++) {
    const id = n === 1 ? model : `${model}-${n}`;
    const made = await onDisk(`make directory ${join(folder, id)}`, () =>
      mkdir(join(folder, id)).then(
        () => true,
        (error: unknown) => {
          if (codeOf(error) === 'EEXIST') return false;
          throw error;
        },
      ),
    );
    if (made) return id;
  }
}
