/**
 * The checkpoints of a run: `checkpoints/step-<n>/{state.safetensors, manifest.json}`, and the files `last` and `best`
 * that name one each. The last two and the best are kept.
 */
import { join } from 'node:path';
import { FormatError, GeneraError, UsageError } from '../core/errors.js';
import { type CheckpointManifest, checkpointFiles, checkpointName, manifestFile } from '../train/run-format.js';
import { jsonText } from '../util/json-text.js';
import { digestOf } from './digests.js';
import {
  namesIn,
  readIfThere,
  readTextIfThere,
  removeDirectory,
  writeDirectoryWhole,
  writeFileWhole,
} from './files.js';
import { readManifest } from './run-config.js';

const stepName = /^step-(\d+)$/;

export interface Checkpoint {
  /** `step-400` */
  readonly name: string;
  /** Path of the state file, for messages. */
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly manifest: CheckpointManifest;
}

export interface CheckpointProgress {
  readonly step: number;
  /** Whether it has the lowest validation loss so far. */
  readonly best: boolean;
  /** Seconds of training up to here. */
  readonly seconds: number;
  readonly bestLoss?: number | undefined;
}

export class Checkpoints {
  readonly directory: string;

  constructor(runDirectory: string) {
    this.directory = join(runDirectory, 'checkpoints');
  }

  /** Stores a state and lets `last`, and `best` where it is that, name it; then removes those that are not kept. */
  async write(bytes: Uint8Array, { step, best, seconds, bestLoss }: CheckpointProgress): Promise<void> {
    const before = await this.pointer('last');
    const name = checkpointName(step);
    const manifest: CheckpointManifest = {
      step,
      bytes: bytes.length,
      sha256: digestOf(bytes),
      seconds,
      ...(bestLoss === undefined ? {} : { bestLoss }),
    };
    await writeDirectoryWhole(join(this.directory, name), {
      [checkpointFiles.state]: bytes,
      [checkpointFiles.manifest]: jsonText(manifestFile(manifest)),
    });
    if (best) await writeFileWhole(join(this.directory, 'best'), `${name}\n`);
    await writeFileWhole(join(this.directory, 'last'), `${name}\n`);
    const kept = [name, before, await this.pointer('best')];
    for (const other of await this.names()) {
      if (!kept.includes(other)) await removeDirectory(join(this.directory, other));
    }
  }

  /** Names of the stored checkpoints, latest step first. */
  async names(): Promise<string[]> {
    const stepOf = (name: string): number => Number(stepName.exec(name)?.[1]);
    const found = (await namesIn(this.directory)).filter((name) => stepName.test(name));
    return found.sort((a, b) => stepOf(b) - stepOf(a));
  }

  /**
   * The checkpoint to continue from; undefined where none has been stored yet.
   * @param asked `last`, `best` or `step-<n>`
   * @throws FormatError where it is damaged, naming one that is not; another is never taken silently
   * @throws UsageError where there is none of that name
   */
  async read(asked = 'last'): Promise<Checkpoint | undefined> {
    const names = await this.names();
    if (names.length === 0 && asked === 'last' && (await this.pointer('last')) === undefined) return undefined;
    const name = await this.resolve(asked, names);
    const path = join(this.directory, name, checkpointFiles.state);
    const fault = await this.faultOf(name);
    if (typeof fault === 'object') return { name, path, ...fault };
    throw new FormatError({
      operation: `read ${path}`,
      expected: 'a whole checkpoint',
      got: fault,
      remedy: await this.alternative(names.filter((other) => other !== name)),
    });
  }

  private async resolve(asked: string, names: readonly string[]): Promise<string> {
    if (asked !== 'last' && asked !== 'best') {
      if (names.includes(asked)) return asked;
      throw new UsageError({
        operation: `checkpoint of ${this.directory}`,
        expected: ['last', 'best', ...names].join(', '),
        got: `'${asked}'`,
      });
    }
    const name = await this.pointer(asked);
    if (name !== undefined && names.includes(name)) return name;
    // A run that was killed between its first checkpoint and the writing of `last`.
    if (name === undefined && asked === 'last' && names.length === 1) return names[0]!;
    if (name === undefined && asked === 'best') {
      throw new UsageError({
        operation: `checkpoint of ${this.directory}`,
        expected: ['last', ...names].join(', '),
        got: `'best', which this run does not have: it was never validated`,
      });
    }
    throw new FormatError({
      operation: `read ${join(this.directory, asked)}`,
      expected: 'the name of a checkpoint that is there',
      got: name === undefined ? 'no file' : JSON.stringify(name.slice(0, 40)),
      remedy: await this.alternative(names),
    });
  }

  private async pointer(name: 'last' | 'best'): Promise<string | undefined> {
    return (await readTextIfThere(join(this.directory, name)))?.trim();
  }

  /** What is wrong with a checkpoint, in words; its content where nothing is. */
  private async faultOf(name: string): Promise<string | Pick<Checkpoint, 'bytes' | 'manifest'>> {
    let manifest: CheckpointManifest | undefined;
    try {
      manifest = await readManifest(join(this.directory, name, checkpointFiles.manifest));
    } catch (error) {
      if (error instanceof GeneraError) return error.message.replace(/\.\s*$/, '');
      throw error;
    }
    const bytes = await readIfThere(join(this.directory, name, checkpointFiles.state));
    if (bytes === undefined || manifest === undefined) {
      return `a directory without ${bytes === undefined ? checkpointFiles.state : checkpointFiles.manifest}`;
    }
    if (bytes.length !== manifest.bytes)
      return `${bytes.length} bytes where there were ${manifest.bytes}: it was cut off`;
    if (digestOf(bytes) !== manifest.sha256) return 'other bytes than were written (the sha256 differs): it is damaged';
    return { bytes, manifest };
  }

  private async alternative(names: readonly string[]): Promise<string> {
    for (const name of names) {
      if (typeof (await this.faultOf(name)) === 'object') {
        return `${name} is whole: take that one with --checkpoint ${name}.`;
      }
    }
    return 'No other checkpoint is whole: restore it from a copy, or start a new run.';
  }
}
