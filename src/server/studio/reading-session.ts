/** A run that is looked at in this process: its stored model. */
import { readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { explore } from '../../inference/explore.js';
import type { Query } from '../../inference/explore-queries.js';
import { exportModel } from '../../inference/export.js';
import { useDevice } from '../../node/devices.js';
import { isLeftover, namesIn, onDisk } from '../../node/files.js';
import { loadSplit } from '../../node/run-data.js';
import { isLock } from '../../node/run-lock.js';
import { type LoadedRun, loadRun } from '../../node/runs.js';
import { versions } from '../../node/versions.js';
import type { ExportKind } from '../../train/host.js';
import type { Surroundings } from './messages.js';

/** Bytes that hold numbers hardly get smaller. */
const packed = /\.(png|gif|safetensors|onnx)$/;

export class ReadingSession {
  private readonly directory: string;
  private readonly surroundings: Surroundings;
  private run: { readonly stamp: number; readonly loaded: Promise<LoadedRun> } | undefined;
  private held: ReturnType<typeof loadSplit> | undefined;

  constructor(directory: string, surroundings: Surroundings) {
    this.directory = directory;
    this.surroundings = surroundings;
    useDevice(surroundings.device, surroundings);
  }

  async explore(query: Query): Promise<unknown> {
    const run = await this.load();
    this.held ??= loadSplit(run, 'validation', this.surroundings);
    return explore({ instance: run.instance, data: await this.held }, query);
  }

  async export(kind: ExportKind): Promise<Uint8Array> {
    if (kind === 'safetensors') {
      await this.load(); // says what is wrong where there is none, or it is damaged
      return onDisk(`read ${this.weights}`, () => readFile(this.weights));
    }
    return zipSync(kind === 'onnx' ? await this.onnxFiles() : await this.allFiles());
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

  private async onnxFiles(): Promise<Zippable> {
    const { instance, config, model } = await this.load();
    const metadata = { model: model.id, data: config.data.id, genera: versions.genera };
    const files = await exportModel(instance, config.data.shape, metadata);
    return Object.fromEntries([...files].map(([name, { bytes }]) => [name, [bytes, { level: 0 }]]));
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
        files[key] = [new Uint8Array(bytes), { level: packed.test(name) ? 0 : 6 }];
      }
    }
    return files;
  }
}
