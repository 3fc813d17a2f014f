/**
 * The ONNX file format (onnx.proto, IR version 8) in and out, over the protobuf wire library `pbf`.
 * Only what genera writes and reads: tensors, nodes, graphs without subgraphs, operator sets, metadata.
 */
import { PbfReader, PbfWriter } from 'pbf';
import type { DType } from '../core/dtype.js';
import { FormatError } from '../core/errors.js';
import type { AttributeValue } from '../core/op.js';

/** Numbers of TensorProto.DataType. */
export const onnxType: Readonly<Record<DType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };

export interface OnnxTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Little-endian bytes. */
  readonly raw: Uint8Array;
}
export interface OnnxNode {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** '' is the standard operator set. */
  readonly domain: string;
}
export interface OnnxValue {
  readonly name: string;
  readonly dtype: DType;
  /** Names stand for sizes that are open, such as 'batch'. */
  readonly shape: readonly (number | string)[];
}
export interface OnnxModel {
  readonly name: string;
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata?: Readonly<Record<string, string>>;
}

const irVersion = 8;

/** Serialises a model. */
export function encodeModel(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, irVersion);
  writeText(2, 'genera', pbf);
  pbf.writeMessage(7, writeGraph, model);
  pbf.writeMessage(8, writeOpset, { domain: '', version: model.opset });
  for (const domain of new Set(model.nodes.map((n) => n.domain))) {
    if (domain !== '') pbf.writeMessage(8, writeOpset, { domain, version: 1 });
  }
  for (const [key, value] of Object.entries(model.metadata ?? {})) pbf.writeMessage(14, writeEntry, { key, value });
  return pbf.finish() as Uint8Array<ArrayBuffer>;
}

/** The wire library's own strings are wrong beyond U+1FFFF, where rarer Chinese characters lie. */
function writeText(tag: number, text: string, pbf: PbfWriter): void {
  pbf.writeBytesField(tag, new TextEncoder().encode(text));
}

function readText(pbf: PbfReader): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(pbf.readBytes());
}

function writeOpset({ domain, version }: { domain: string; version: number }, pbf: PbfWriter): void {
  writeText(1, domain, pbf);
  pbf.writeVarintField(2, version);
}

function writeEntry({ key, value }: { key: string; value: string }, pbf: PbfWriter): void {
  writeText(1, key, pbf);
  writeText(2, value, pbf);
}

function writeGraph(model: OnnxModel, pbf: PbfWriter): void {
  for (const node of model.nodes) pbf.writeMessage(1, writeNode, node);
  writeText(2, model.name, pbf);
  for (const tensor of model.initializers) pbf.writeMessage(5, writeTensor, tensor);
  for (const value of model.inputs) pbf.writeMessage(11, writeValue, value);
  for (const value of model.outputs) pbf.writeMessage(12, writeValue, value);
}

function writeNode(node: OnnxNode, pbf: PbfWriter): void {
  for (const name of node.inputs) writeText(1, name, pbf);
  for (const name of node.outputs) writeText(2, name, pbf);
  writeText(3, node.outputs[0] ?? '', pbf);
  writeText(4, node.opType, pbf);
  for (const [name, value] of Object.entries(node.attributes)) pbf.writeMessage(5, writeAttribute, { name, value });
  if (node.domain !== '') writeText(7, node.domain, pbf);
}

const attributeType = { float: 1, int: 2, string: 3, ints: 7 } as const;

function writeAttribute({ name, value }: { name: string; value: AttributeValue }, pbf: PbfWriter): void {
  writeText(1, name, pbf);
  if (typeof value === 'number') {
    pbf.writeVarintField(3, value);
    pbf.writeVarintField(20, attributeType.int);
  } else if (typeof value === 'string') {
    writeText(4, value, pbf);
    pbf.writeVarintField(20, attributeType.string);
  } else if ('float' in value) {
    pbf.writeFloatField(2, value.float);
    pbf.writeVarintField(20, attributeType.float);
  } else {
    for (const n of value) pbf.writeVarintField(8, n);
    pbf.writeVarintField(20, attributeType.ints);
  }
}

function writeTensor(tensor: OnnxTensor, pbf: PbfWriter): void {
  for (const n of tensor.shape) pbf.writeVarintField(1, n);
  pbf.writeVarintField(2, onnxType[tensor.dtype]);
  writeText(8, tensor.name, pbf);
  pbf.writeBytesField(9, tensor.raw);
}

function writeValue(value: OnnxValue, pbf: PbfWriter): void {
  writeText(1, value.name, pbf);
  pbf.writeMessage(2, (v: OnnxValue, p) => p.writeMessage(1, writeTensorType, v), value);
}

function writeTensorType(value: OnnxValue, pbf: PbfWriter): void {
  pbf.writeVarintField(1, onnxType[value.dtype]);
  pbf.writeMessage(
    2,
    (v: OnnxValue, p) => {
      for (const d of v.shape) p.writeMessage(1, writeDimension, d);
    },
    value,
  );
}

function writeDimension(dimension: number | string, pbf: PbfWriter): void {
  if (typeof dimension === 'number') pbf.writeVarintField(1, dimension);
  else writeText(2, dimension, pbf);
}

/** What a reader of a model file may want to know first. */
export interface OnnxSummary {
  readonly irVersion: number;
  readonly opset: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads the outline of a model.
 * @throws FormatError where the bytes are no ONNX model
 */
export function decodeSummary(bytes: Uint8Array): OnnxSummary {
  const summary = {
    irVersion: 0,
    opset: 0,
    inputs: [] as string[],
    outputs: [] as string[],
    metadata: [] as [string, string][],
  };
  const foreign = (cause?: unknown): FormatError =>
    new FormatError(
      {
        operation: 'read ONNX',
        expected: 'an ONNX model',
        got: 'other bytes, or a part of one',
        remedy: 'Check that the file was copied whole.',
      },
      { cause },
    );
  try {
    const reader = new PbfReader(bytes);
    reader.readFields((tag, s, pbf) => {
      if (tag === 1) s.irVersion = pbf.readVarint();
      else if (tag === 7) pbf.readMessage((t, g, p) => readGraphOutline(t, g, p), s);
      else if (tag === 8) readOpset(pbf, s);
      else if (tag === 14) readEntry(pbf, s.metadata);
    }, summary);
    // A field that is cut off is read past the end.
    if (reader.pos !== bytes.length) throw foreign();
  } catch (cause) {
    throw cause instanceof FormatError ? cause : foreign(cause);
  }
  if (summary.irVersion === 0 || summary.opset === 0) throw foreign();
  return { ...summary, metadata: Object.fromEntries(summary.metadata) };
}

function readGraphOutline(tag: number, summary: { inputs: string[]; outputs: string[] }, pbf: PbfReader): void {
  if (tag === 11) summary.inputs.push(readName(pbf));
  else if (tag === 12) summary.outputs.push(readName(pbf));
}

function readName(pbf: PbfReader): string {
  const value = { name: '' };
  pbf.readMessage((tag, v, p) => {
    if (tag === 1) v.name = readText(p);
  }, value);
  return value.name;
}

function readOpset(pbf: PbfReader, summary: { opset: number }): void {
  const opset = { domain: '', version: 0 };
  pbf.readMessage((tag, o, p) => {
    if (tag === 1) o.domain = readText(p);
    else if (tag === 2) o.version = p.readVarint();
  }, opset);
  if (opset.domain === '') summary.opset = opset.version;
}

function readEntry(pbf: PbfReader, metadata: [string, string][]): void {
  const entry = { key: '', value: '' };
  pbf.readMessage((tag, e, p) => {
    if (tag === 1) e.key = readText(p);
    else if (tag === 2) e.value = readText(p);
  }, entry);
  metadata.push([entry.key, entry.value]);
}
