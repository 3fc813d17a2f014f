import { gzipSync as nodeGzip } from 'node:zlib';
import { gzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { DataError } from '../../src/core/errors.js';
import { crc32, gunzip } from '../../src/data/gzip.js';
import { readIdx, readIdxImages, readIdxLabels } from '../../src/data/idx.js';
import { idxFile } from './idx-files.js';

const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) & 255);

/** The message of the DataError that `work` throws. */
function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    return (error as DataError).message;
  }
  throw new Error('nothing was thrown');
}

describe('gunzip', () => {
  test('reads what other programs write', () => {
    expect(gunzip(nodeGzip(bytes), 'x.gz')).toEqual(bytes);
    expect(gunzip(gzipSync(bytes, { filename: 'a name', mtime: 1 }), 'x.gz')).toEqual(bytes);
    expect(gunzip(gzipSync(new Uint8Array(0)), 'x.gz')).toHaveLength(0);
  });

  test('a file cut off anywhere is refused by name', () => {
    const whole = gzipSync(bytes);
    for (let length = 0; length < whole.length; length += 1 + (length >> 4)) {
      expect(messageOf(() => gunzip(whole.subarray(0, length), 'dir/x.gz'))).toMatch(/^reading dir\/x\.gz: /);
    }
  });

  test('one changed bit anywhere in the data or the trailer is noticed', () => {
    const whole = gzipSync(bytes);
    for (let at = 10; at < whole.length; at += 97) {
      const damaged = whole.slice();
      damaged[at] = (damaged[at] as number) ^ 4;
      expect(() => gunzip(damaged, 'x.gz')).toThrow(DataError);
    }
    const checksum = whole.slice();
    checksum[whole.length - 8] = (checksum[whole.length - 8] as number) ^ 1;
    expect(messageOf(() => gunzip(checksum, 'x.gz'))).toMatch(/checksum/);
  });

  test('crc32 has its published check value', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });
});

describe('readIdx', () => {
  test('uint8, int32 and float32, plain and gzip', () => {
    expect(readIdx(idxFile(8, [2, 3], [0, 1, 2, 253, 254, 255]), 'x')).toEqual({
      shape: [2, 3],
      data: Uint8Array.of(0, 1, 2, 253, 254, 255),
    });
    expect(readIdx(gzipSync(idxFile(12, [3], [-1, 2 ** 31 - 1, 258])), 'x').data).toEqual(
      Int32Array.of(-1, 2 ** 31 - 1, 258),
    );
    expect(readIdx(idxFile(13, [1, 2], [0.5, -1e10]), 'x').data).toEqual(Float32Array.of(0.5, -1e10));
  });

  test('reads from inside a larger buffer', () => {
    const file = idxFile(12, [2], [7, -8]);
    const padded = new Uint8Array(file.length + 6);
    padded.set(file, 3);
    expect(readIdx(padded.subarray(3, 3 + file.length), 'x').data).toEqual(Int32Array.of(7, -8));
  });

  test.each([
    ['an empty file', new Uint8Array(0), /magic number .* got an empty file/],
    ['text', new TextEncoder().encode('<html>not found</html>'), /got 3c 68 74 6d/],
    ['an unknown type', Uint8Array.of(0, 0, 7, 1, 0, 0, 0, 0), /got 00 00 07 01/],
    ['no dimensions', Uint8Array.of(0, 0, 8, 0), /got 00 00 08 00/],
    ['a cut header', Uint8Array.of(0, 0, 8, 3, 0, 0), /a header of 16 bytes, got 6 bytes/],
    ['missing values', idxFile(8, [2, 2], [1, 2, 3]), /1 bytes too few/],
    ['trailing bytes', idxFile(12, [1], [1, 2]), /4 trailing bytes/],
  ])('refuses %s', (_, file, message) => {
    const text = messageOf(() => readIdx(file, 'dir/file'));
    expect(text).toMatch(/^reading dir\/file as IDX: /);
    expect(text).toMatch(message);
  });
});

describe('images and labels', () => {
  test('are read', () => {
    expect(readIdxImages(idxFile(8, [2, 1, 2], [1, 2, 3, 4]), 'x', 1, 2)).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(readIdxLabels(idxFile(8, [3], [0, 9, 3]), 'x', 10)).toEqual(Int32Array.of(0, 9, 3));
    expect(readIdxLabels(idxFile(12, [2], [100, 3]), 'x', 101)).toEqual(Int32Array.of(100, 3));
  });

  test('a label file in place of an image file, and the other way round', () => {
    expect(messageOf(() => readIdxImages(idxFile(8, [3], [0, 1, 2]), 'x', 28, 28))).toMatch(
      /expected uint8 \[count, 28, 28\].*got uint8 \[3\]/,
    );
    expect(messageOf(() => readIdxLabels(idxFile(8, [1, 1, 2], [0, 1]), 'x', 10))).toMatch(/got uint8 \[1, 1, 2\]/);
  });

  test('images of another size or type', () => {
    expect(messageOf(() => readIdxImages(idxFile(8, [1, 2, 3], [1, 2, 3, 4, 5, 6]), 'x', 3, 2))).toMatch(/\[1, 2, 3\]/);
    expect(messageOf(() => readIdxImages(idxFile(13, [1, 1, 1], [1]), 'x', 1, 1))).toMatch(/float32/);
  });

  test('a label out of range is named with its position', () => {
    expect(messageOf(() => readIdxLabels(idxFile(8, [3], [9, 10, 0]), 'labels.gz', 10))).toMatch(
      /labels from 0 to 9, got 10 at position 1/,
    );
    expect(messageOf(() => readIdxLabels(idxFile(12, [2], [0, -1]), 'x', 10))).toMatch(/got -1 at position 1/);
  });
});
