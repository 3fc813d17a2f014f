/** Reads what a run directory says of itself. */
import type { z } from 'zod';
import { FormatError } from '../core/errors.js';
import {
  type CheckpointManifest,
  formatVersion,
  manifestSchema,
  type RunConfig,
  runSchema,
} from '../train/run-format.js';
import { readOwnJson } from './files.js';

/**
 * Reads a run's configuration; undefined where there is none.
 * @throws FormatError naming the file where it is damaged, foreign or of a newer version
 */
export async function readRunConfig(path: string): Promise<RunConfig | undefined> {
  const remedy = 'Restore the file from a copy, or start a new run.';
  const value = await readOwnJson(path, remedy);
  return value === undefined ? undefined : check(path, runSchema, value, remedy);
}

/** Reads a checkpoint's manifest; see `readRunConfig`. */
export async function readManifest(path: string): Promise<CheckpointManifest | undefined> {
  const value = await readOwnJson(path, '');
  return value === undefined ? undefined : check(path, manifestSchema, value, '');
}

function check<T extends { format: string; version: number }>(
  path: string,
  schema: z.ZodType<T>,
  value: Record<string, unknown>,
  remedy: string,
): Omit<T, 'format' | 'version'> {
  const operation = `read ${path}`;
  const version = value.version;
  if (typeof version === 'number' && version > formatVersion) {
    throw new FormatError({
      operation,
      expected: `format version ${formatVersion}`,
      got: `version ${version}`,
      remedy: 'It was written by a newer genera: use that one.',
    });
  }
  const result = schema.safeParse(value);
  if (result.success) {
    const { format: _format, version: _version, ...rest } = result.data;
    return rest;
  }
  const issue = result.error.issues[0]!;
  const got = `a file where ${issue.path.join('.') || 'the content'} is wrong (${issue.message})`;
  throw new FormatError({ operation, expected: 'a file that genera wrote', got, remedy });
}
