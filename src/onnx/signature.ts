/** What an ONNX file takes and gives: for files that others made. */
import { PbfReader } from 'pbf';
import { FormatError } from '../core/errors.js';

/** A tensor that enters or leaves a graph. */
export interface SignatureValue {
  readonly name: string;
  /** Number of TensorProto.DataType: 1 is float32. */
  readonly type: number;
  /** Sizes; undefined where a size is open, as a batch's is. */
  readonly shape: readonly (number | undefined)[];
}

export interface Signature {
  readonly inputs: readonly SignatureValue[];
  readonly outputs: readonly SignatureValue[];
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Inputs, without those that the file itself gives values for, outputs and metadata (onnx.proto, fields 7 and 14).
 * @throws FormatError where the bytes are no ONNX model
 */
export function readSignature(bytes: Uint8Array, source: string): Signature {
  const inputs: SignatureValue[] = [];
  const outputs: SignatureValue[] = [];
  const given = new Set<string>();
  const metadata: Record<string, string> = {};
  const foreign = (cause?: unknown): FormatError =>
    new FormatError(
      {
        operation: `read ${source}`,
        expected: 'an ONNX model',
        got: 'other bytes, or a part of one',
        remedy: 'Check that the file was copied whole.',
      },
      { cause },
    );
  try {
    const reader = new PbfReader(bytes);
    reader.readFields((tag, _, pbf) => {
      if (tag === 14) {
        const [key = '', value = ''] = readTexts(pbf, [1, 2]);
        metadata[key] = value;
      } else if (tag === 7) {
        pbf.readMessage((field, __, graph) => {
          if (field === 5) given.add(readTexts(graph, [8])[0] ?? '');
          else if (field === 11) inputs.push(readValue(graph));
          else if (field === 12) outputs.push(readValue(graph));
        }, undefined);
      }
    }, undefined);
    if (reader.pos !== bytes.length) throw foreign();
  } catch (cause) {
    throw cause instanceof FormatError ? cause : foreign(cause);
  }
  if (outputs.length === 0) throw foreign();
  return { inputs: inputs.filter(({ name }) => !given.has(name)), outputs, metadata };
}

/** The text fields with these tags of a message; others are passed over. */
function readTexts(pbf: PbfReader, tags: readonly number[]): (string | undefined)[] {
  const texts: (string | undefined)[] = tags.map(() => undefined);
  pbf.readMessage((tag, _, p) => {
    const place = tags.indexOf(tag);
    if (place >= 0) texts[place] = new TextDecoder().decode(p.readBytes());
  }, undefined);
  return texts;
}

/** ValueInfoProto: name (1), type (2) → tensor (1) → element type (1), shape (2) → dimensions (1) → size (1). */
function readValue(pbf: PbfReader): SignatureValue {
  const value = { name: '', type: 0, shape: [] as (number | undefined)[] };
  pbf.readMessage((tag, _, info) => {
    if (tag === 1) value.name = new TextDecoder().decode(info.readBytes());
    else if (tag === 2)
      inside(info, 1, (tensor) => {
        tensor.readMessage((field, __, p) => {
          if (field === 1) value.type = p.readVarint();
          else if (field === 2) inside(p, 1, (shape) => value.shape.push(readSize(shape)));
        }, undefined);
      });
  }, undefined);
  return value;
}

/** Calls `fn` at each field with this tag of a message. */
function inside(pbf: PbfReader, tag: number, fn: (pbf: PbfReader) => void): void {
  pbf.readMessage((field, _, p) => {
    if (field === tag) fn(p);
  }, undefined);
}

function readSize(pbf: PbfReader): number | undefined {
  let size: number | undefined;
  pbf.readMessage((tag, _, p) => {
    if (tag === 1) size = p.readVarint();
  }, undefined);
  return size;
}
