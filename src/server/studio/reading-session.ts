/** A run that is looked at in this process: its stored model. */
import { readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import type { DataSet } from '../../data/data-set.js';
import { explore } from '../../inference/explore.js';
import type { Query } from '../../inference/explore-queries.js';
import { useDevice } from '../../node/devices.js';
import { isLeftover, namesIn, onDisk } from '../../node/files.js';
import { onnxFiles } from '../../node/outputs.js';
import { loadSplit } from '../../node/run-data.js';
import { isLock } from '../../node/run-lock.js';
import { type LoadedRun, loadRun } from '../../node/runs.js';
import type { ExportKind } from '../../train/host.js';
import type { Surroundings } from './messages.js';

/** Bytes that hold numbers hardly get smaller. */
const incompressible = /\.(png|gif|safetensors|onnx)$/;

export class ReadingSession {
  private readonly directory: string;
  private readonly surroundings: Surroundings;
  private run: { readonly stamp: number; readonly loaded: Promise<LoadedRun> } | undefined;
  private held: DataSet | undefined;

  constructor(directory: string, surroundings: Surroundings) {
    this.directory = directory;
    this.surroundings = surroundings;
    useDevice(surroundings.device, surroundings);
  }

  async explore(query: Query): Promise<unknown> {
    const run = await this.load();
    this.held ??= await loadSplit(run, 'validation', this.surroundings);
    return explore({ instance: run.instance, data: this.held }, query);
  }

  /** What is exported, and its file name without the run's. */
  async export(kind: ExportKind): Promise<{ ending: string; bytes: Uint8Array }> {
    if (kind === 'safetensors') {
      await this.load(); // says what is wrong where there is none, or it is damaged
      return { ending: '.safetensors', bytes: await onDisk(`read ${this.weights}`, () => readFile(this.weights)) };
    }
    if (kind === 'zip') return { ending: '.zip', bytes: zipSync(await this.allFiles()) };
    const files = [...(await onnxFiles(await this.load()))];
    const [only] = files;
    if (only !== undefined && files.length === 1) return { ending: `-${only[0]}`, bytes: only[1].bytes };
    const packed: Zippable = {};
    for (const [name, { bytes }] of files) packed[name] = [bytes, { level: 0 }];
    return { ending: '-onnx.zip', bytes: zipSync(packed) };
  }

  /** The model as it is stored, read anew when another one is. */
  private async load(): Promise<LoadedRun> {
    const { mtimeMs: stamp } = await stat(this.weights).catch(() => ({ mtimeMs: 0 }));
    if (this.run?.stamp !== stamp) this.run = { stamp, loaded: loadRun(this.directory) };
    return this.run.loaded;
  }

  private get weights(): string {
    return join(this.directory, 'model', 'model.safetensors');
  }

  /** The run's directory; names with a slash between folders. */
  private async allFiles(folder = this.directory): Promise<Zippable> {
    const files: Zippable = {};
    for (const name of await namesIn(folder)) {
      if (isLock(name) || isLeftover(name)) continue;
      const path = join(folder, name);
      const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'EISDIR') return undefined;
        if (error.code === 'ENOENT') return null; // replaced by a newer one in this moment
        throw error;
      });
      if (bytes === undefined) Object.assign(files, await this.allFiles(path));
      else if (bytes !== null) {
        const key = relative(this.directory, path).replaceAll('\\', '/');
        files[key] = [new Uint8Array(bytes), { level: incompressible.test(name) ? 0 : 6 }];
      }
    }
    return files;
  }
}
