/**
 * A lock on a run directory, so that two processes do not train in one. Each announces itself by an empty file whose
 * name says who it is, then looks for others: of two that come at once at least one sees the other. A process that has
 * died is recognised by its name, and only its own file is ever removed for it.
 */
import fs from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../core/errors.js';
import { codeOf, namesIn, onDisk } from './files.js';

/** `.lock-<host>-<process id>-<when it began>` */
const pattern = /^\.lock-(.*)-(\d+)-(\d+)$/;
const prefix = '.lock-';

/** Two that come at once both step back; they try again so often, after waits of different length. */
const attempts = 4;
const longestWaitMs = 100;

export interface RunLock {
  release(): Promise<void>;
}

/** Whether a name in a run directory is that of a lock. */
export function isLock(name: string): boolean {
  return name.startsWith(prefix);
}

/**
 * Takes the lock.
 * @throws UsageError where another process holds it
 */
export async function lockRun(directory: string): Promise<RunLock> {
  const own = `${prefix}${hostname()}-${process.pid}-${(await standingOf(process.pid))?.began ?? Math.round(performance.timeOrigin)}`;
  const path = join(directory, own);
  const operation = `lock ${directory}`;
  for (let attempt = 1; ; attempt++) {
    try {
      await onDisk(operation, async () => (await fs.open(path, 'wx')).close());
    } catch (error) {
      if (codeOf((error as Error).cause) === 'EEXIST') throw held(directory, own);
      throw error;
    }
    const release = (): Promise<void> => onDisk(operation, () => fs.rm(path, { force: true }));
    const other = await findOther(directory, own);
    if (other === undefined) return { release };
    await release();
    if (attempt === attempts) throw held(directory, other);
    await sleep(Math.random() * longestWaitMs);
  }
}

/** The id of a process that trains in a directory; undefined where none does, or it runs on another machine. */
export async function trainerOf(directory: string): Promise<number | undefined> {
  for (const name of await namesIn(directory)) {
    const [, host, pid] = pattern.exec(name) ?? [];
    if (isLock(name) && host === hostname() && (await lives(name))) return Number(pid);
  }
  return undefined;
}

/** The lock of another living process; those of dead ones are removed. */
async function findOther(directory: string, own: string): Promise<string | undefined> {
  for (const name of await namesIn(directory)) {
    if (!isLock(name) || name === own) continue;
    if (await lives(name)) return name;
    await onDisk(`lock ${directory}`, () => fs.rm(join(directory, name), { force: true }));
  }
  return undefined;
}

/** Of a process on another host nobody here can know, so it counts as living. */
async function lives(name: string): Promise<boolean> {
  const [, host, pid, began] = pattern.exec(name) ?? [];
  if (host !== hostname()) return true;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false;
  }
  const now = await standingOf(Number(pid));
  if (now === undefined) return true;
  // A process that has ended keeps its id until its parent takes note; afterwards the id is given out again.
  return !['Z', 'X'].includes(now.state) && now.began === began;
}

/**
 * Fields 3 and 22 of /proc/<pid>/stat: the state, and clock ticks from boot to the process's begin; undefined on systems
 * without it.
 */
async function standingOf(pid: number): Promise<{ readonly state: string; readonly began: string } | undefined> {
  try {
    const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name in field 2 may hold spaces
    return { state: fields[0]!, began: fields[19]! };
  } catch {
    return undefined;
  }
}

function held(directory: string, name: string): UsageError {
  const [, host, pid] = pattern.exec(name) ?? [];
  return new UsageError({
    operation: `train in ${directory}`,
    expected: 'a run that no other process trains',
    got: pid === undefined ? `a lock, ${name}` : `process ${pid} on ${host} at work in it`,
    remedy: `Wait for it or stop it, or choose another --out. If no process is at work, delete ${join(directory, name)}.`,
  });
}
