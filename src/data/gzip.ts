/** gzip files (RFC 1952), decompressed with every check the format offers. */

import { gunzipSync } from 'fflate';
import { DataError } from '../core/errors.js';

const TRAILER_BYTES = 8;
const SMALLEST_FILE = 18; // header 10, empty deflate stream, trailer
/** Deflate makes at most 1032 bytes from one. */
const LARGEST_RATIO = 1032;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses a file of one gzip member.
 *
 * @param name the file, for the message
 * @throws DataError when the file is cut off or damaged: the trailer holds the content's length and CRC-32
 */
export function gunzip(bytes: Uint8Array, name: string): Uint8Array {
  const broken = (got: string, cause?: unknown) =>
    new DataError(
      {
        operation: `reading ${name}`,
        expected: 'a complete gzip file',
        got,
        remedy: 'The file is truncated or damaged: delete it and get it again.',
      },
      { cause },
    );
  if (!isGzip(bytes)) throw broken('a file that does not begin with the bytes 1f 8b');
  if (bytes.length < SMALLEST_FILE) throw broken(`${bytes.length} bytes`);

  const trailer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - TRAILER_BYTES, TRAILER_BYTES);
  const crc = trailer.getUint32(0, true);
  const length = trailer.getUint32(4, true);
  // A cut file ends in arbitrary bytes; do not allocate what they ask for.
  if (length > bytes.length * LARGEST_RATIO) throw broken(`${bytes.length} bytes that end inside the compressed data`);

  let content: Uint8Array;
  try {
    content = gunzipSync(bytes, { out: new Uint8Array(length) });
  } catch (cause) {
    throw broken(`compressed data that cannot be read (${cause instanceof Error ? cause.message : cause})`, cause);
  }
  if (content.length !== length) throw broken(`${content.length} bytes of content instead of ${length}`);
  if (crc32(content) !== crc) throw broken('content that does not have the checksum in its trailer');
  return content;
}

/** CRC-32 with the reversed polynomial 0xEDB88320, eight bits a step. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) {
    crc = (CRC_TABLE[(crc ^ (bytes[i] as number)) & 255] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});
