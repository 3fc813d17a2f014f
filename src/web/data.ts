/** Data sets in the browser: generated ones, and files of others from where the page says they lie. */
import { DataError, UsageError } from '../core/errors.js';
import type { DataSet, LoadOptions, Split } from '../data/data-set.js';
import { findDataSet } from '../data/registry.js';
import type { DataFile, DataSource } from '../data/source.js';
import { tokenizerKinds } from '../data/text.js';
import { sha256 } from '../util/sha256.js';
import { download, type OnDownload } from './download.js';

export interface WebDataOptions {
  /**
   * Address of a folder with data sets in it, `<folder>/mnist/train-images-idx3-ubyte.gz`. Default: files are asked of
   * their publishers, most of whom do not let pages read them.
   */
  readonly dataFiles?: string | undefined;
  readonly onDownload?: OnDownload | undefined;
}

/** Where downloads are kept, in the browser's cache storage. */
const cacheName = 'genera-data';

/** Files that are downloaded once and checked against their published digests. */
export function webDataSource({ dataFiles, onDownload }: WebDataOptions = {}): DataSource {
  return {
    async read(file) {
      const addresses = dataFiles === undefined ? file.addresses : [joined(dataFiles, file.path)];
      const cache = await globalThis.caches?.open(cacheName).catch(() => undefined);
      const faults: string[] = [];
      for (const address of addresses) {
        const kept = await cache?.match(address);
        if (kept !== undefined) return { bytes: new Uint8Array(await kept.arrayBuffer()), location: address };
        try {
          const bytes = new Uint8Array(await download(address, onDownload));
          checkDigest(file, bytes, address);
          await cache?.put(address, new Response(bytes)).catch(() => undefined); // a full cache is no fault
          return { bytes, location: address };
        } catch (error) {
          faults.push(error instanceof Error ? error.message : String(error));
        }
      }
      throw new DataError({
        operation: `read ${file.path}`,
        expected: `the file at ${addresses.join(' or ')}`,
        got: faults.join(' '),
        remedy: 'Choose a data set that is generated, or train with `genera studio`, which reads files.',
      });
    },
  };
}

function joined(folder: string, path: string): string {
  return new URL(path, new URL(folder.endsWith('/') ? folder : `${folder}/`, globalThis.location.href)).href;
}

function checkDigest({ sha256: expected }: DataFile, bytes: Uint8Array, address: string): void {
  const got = expected === undefined ? undefined : sha256(bytes);
  if (got === expected) return;
  throw new DataError({ operation: `read ${address}`, expected: `sha256 ${expected}`, got: `${got}` });
}

export interface TrainingData {
  readonly train: DataSet;
  /** Held-out items: of generated sets and text their own, of others those that `settings.validation` asks for. */
  readonly validation?: DataSet;
  /** Items that the model is asked about. */
  heldOut(): Promise<DataSet>;
}

/** @throws UsageError for an unknown set, or a tokenizer in a file; DataError where a file cannot be had */
export async function loadTrainingData(
  id: string,
  settings: Readonly<Record<string, unknown>>,
  options: WebDataOptions = {},
): Promise<TrainingData> {
  const record = findDataSet(id);
  const held = Number(settings.validation ?? 0);
  const load = (split: Split, more: LoadOptions = {}): Promise<DataSet> =>
    record.load(split, { source: webDataSource(options), validation: held, ...textOptions(settings), ...more });
  const train = await load('train');
  const text =
    train.text === undefined ? {} : { text: { ...textOptions(settings).text, tokenizer: train.text.tokenizer } };
  const watched = record.files.length === 0 || train.text !== undefined || held > 0;
  const validation = watched ? await load('validation', text) : undefined;
  let test: Promise<DataSet> | undefined;
  const heldOut = (): Promise<DataSet> => {
    if (validation !== undefined) return Promise.resolve(validation);
    test ??= load('test', text);
    return test;
  };
  return { train, ...(validation === undefined ? {} : { validation }), heldOut };
}

function textOptions({ tokenizer, vocabulary, context }: Readonly<Record<string, unknown>>): Pick<LoadOptions, 'text'> {
  if (typeof tokenizer !== 'string' || typeof context !== 'number') return {};
  const kind = tokenizerKinds.find((known) => known === tokenizer);
  if (kind !== undefined) return { text: { tokenizer: kind, context, vocabulary: Number(vocabulary) } };
  throw new UsageError({
    operation: "setting 'tokenizer'",
    expected: `one of ${tokenizerKinds.join(', ')} in the browser`,
    got: `'${tokenizer}'`,
    remedy: 'Train with `genera studio` to use a tokenizer from a file.',
  });
}
