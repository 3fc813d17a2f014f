import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { main } from '../../src/cli/program.js';

export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Sees what comes on stderr while the command runs, and may send signals. */
  readonly onStderr?: (text: string, signals: EventEmitter) => void;
}

/** Runs a command in this process. */
export async function genera(args: string, { env = {}, onStderr }: RunOptions = {}): Promise<Result> {
  let stdout = '';
  let stderr = '';
  const signals = new EventEmitter();
  const io = Object.assign(signals, {
    stdout: {
      write: (text: string) => {
        stdout += text;
      },
    },
    stderr: {
      write: (text: string) => {
        stderr += text;
        onStderr?.(text, signals);
      },
    },
    env: { XDG_CACHE_HOME: join(process.cwd(), 'cache'), ...env },
    exit: (status: number) => {
      throw new Error(`exit ${status}`);
    },
  });
  const status = await main(
    args.split(' ').filter((word) => word !== ''),
    io,
  );
  return { status, stdout, stderr };
}

/** Runs a command that must succeed; with --json, parses what it prints. */
export async function succeed(args: string, options?: RunOptions): Promise<Result & { json: Record<string, unknown> }> {
  const result = await genera(args, options);
  expect(result.stderr).not.toContain('error:');
  expect(result.status).toBe(0);
  const json = args.includes('--json') ? (JSON.parse(result.stdout) as Record<string, unknown>) : {};
  return { ...result, json };
}

/** Makes an empty directory the current one; call the result to go back and remove it. */
export function workspace(): () => void {
  const before = process.cwd();
  const directory = mkdtempSync(join(tmpdir(), 'genera-cli-'));
  process.chdir(directory);
  return () => {
    process.chdir(before);
    rmSync(directory, { recursive: true, force: true });
  };
}

export function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Digests of all files below a directory. */
export function snapshot(directory = '.'): Record<string, string> {
  const names = readdirSync(directory, { recursive: true }).map(String).sort();
  const files = names.filter((name) => statSync(join(directory, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, sha256(join(directory, name))]));
}

export function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Asserts that a command failed as commands should: one paragraph, nothing on stdout, no stack trace. */
export function expectFailure({ status, stdout, stderr }: Result, expected: number, message: RegExp): void {
  const errors = stderr.split('\n').filter((line) => line.startsWith('error: '));
  expect(errors, stderr).toHaveLength(1);
  expect(stderr.endsWith(`${errors[0]}\n`), stderr).toBe(true);
  expect(errors[0]).toMatch(message);
  expect(errors[0]).toMatch(/[.?]$/);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr).not.toContain('fault of genera');
  expect(stdout).toBe('');
  expect(status).toBe(expected);
}
