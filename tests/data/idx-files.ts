import { gzipSync } from 'fflate';
import type { DataFile, DataSource } from '../../src/data/source.js';

const TYPE_BYTES = { 8: 1, 12: 4, 13: 4 } as const;

/** An IDX file of the given type code, written by the format's definition. */
export function idxFile(
  type: keyof typeof TYPE_BYTES,
  shape: readonly number[],
  values: ArrayLike<number>,
): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length * TYPE_BYTES[type]);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type * 256 + shape.length);
  shape.forEach((extent, axis) => {
    view.setUint32(4 + 4 * axis, extent);
  });
  const start = 4 + 4 * shape.length;
  for (let i = 0; i < values.length; i++) {
    if (type === 8) bytes[start + i] = values[i] as number;
    else if (type === 12) view.setInt32(start + 4 * i, values[i] as number);
    else view.setFloat32(start + 4 * i, values[i] as number);
  }
  return bytes;
}

/** The four files of a small set in MNIST's form: image i is filled with the byte i, its label is i mod 10. */
export function smallIdxSet(id: string, { train, test }: { train: number; test: number }): Map<string, Uint8Array> {
  const images = (count: number) =>
    gzipSync(
      idxFile(
        8,
        [count, 28, 28],
        Uint8Array.from({ length: count * 784 }, (_, k) => Math.floor(k / 784)),
      ),
    );
  const labels = (count: number) =>
    gzipSync(
      idxFile(
        8,
        [count],
        Uint8Array.from({ length: count }, (_, i) => i % 10),
      ),
    );
  return new Map([
    [`${id}/train-images-idx3-ubyte.gz`, images(train)],
    [`${id}/train-labels-idx1-ubyte.gz`, labels(train)],
    [`${id}/t10k-images-idx3-ubyte.gz`, images(test)],
    [`${id}/t10k-labels-idx1-ubyte.gz`, labels(test)],
  ]);
}

/** A source that reads from memory. */
export function sourceOf(files: ReadonlyMap<string, Uint8Array>): DataSource {
  return {
    async read({ path }: DataFile) {
      const bytes = files.get(path);
      if (bytes === undefined) throw new Error(`no ${path}`);
      return { bytes, location: `memory/${path}` };
    },
  };
}
