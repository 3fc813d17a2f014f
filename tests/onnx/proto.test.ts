import fc from 'fast-check';
import { PbfReader } from 'pbf';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/core/errors.js';
import { decodeSummary, encodeModel, type OnnxModel } from '../../src/onnx/proto.js';

fc.configureGlobal({ seed: 1 });

const model: OnnxModel = {
  name: 'vae decoder',
  opset: 17,
  nodes: [
    { opType: 'Add', inputs: ['x', 'c'], outputs: ['y'], attributes: {}, domain: '' },
    { opType: 'Gelu', inputs: ['y'], outputs: ['z'], attributes: {}, domain: 'com.microsoft' },
  ],
  initializers: [{ name: 'c', dtype: 'float32', shape: [2], raw: new Uint8Array(Float32Array.of(1, -2).buffer) }],
  inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 2] }],
  outputs: [{ name: 'z', dtype: 'float32', shape: ['batch', 2] }],
  metadata: { 'genera.config': '{"latent": 20}', größe: '√2' },
};
const bytes = encodeModel(model);

test('the outline comes back', () => {
  expect(decodeSummary(bytes)).toEqual({
    irVersion: 8,
    opset: 17,
    inputs: ['x'],
    outputs: ['z'],
    metadata: model.metadata,
  });
});

test('names and metadata of every kind come back', () => {
  const names = fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1 }), { maxLength: 5 });
  fc.assert(
    fc.property(
      names,
      names,
      fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' })),
      (inputs, outputs, metadata) => {
        const value = (name: string) => ({ name, dtype: 'int64' as const, shape: [] });
        const encoded = encodeModel({ ...model, inputs: inputs.map(value), outputs: outputs.map(value), metadata });
        const summary = decodeSummary(encoded);
        expect(summary.inputs).toEqual(inputs);
        expect(summary.outputs).toEqual(outputs);
        expect(Object.entries(summary.metadata).sort()).toEqual(Object.entries(metadata).sort());
      },
    ),
  );
});

test('the opset is that of the standard domain, wherever it stands', () => {
  const other = encodeModel({ ...model, opset: 13 });
  expect(decodeSummary(other).opset).toBe(13);
});

describe('attributes', () => {
  /** The fields of the only attribute of the only node, by tag. */
  function written(value: OnnxModel['nodes'][number]['attributes'][string]): Record<number, unknown> {
    const node = { opType: 'Op', inputs: [], outputs: ['y'], attributes: { a: value }, domain: '' };
    const fields: Record<number, unknown> = {};
    const ints: number[] = [];
    new PbfReader(encodeModel({ ...model, nodes: [node] })).readFields((tag, _, pbf) => {
      if (tag !== 7) return;
      pbf.readMessage((graphTag, _g, graph) => {
        if (graphTag !== 1) return;
        graph.readMessage((nodeTag, _n, inNode) => {
          if (nodeTag !== 5) return;
          inNode.readMessage((attributeTag, _a, attribute) => {
            if (attributeTag === 1 || attributeTag === 4) fields[attributeTag] = attribute.readString();
            else if (attributeTag === 2) fields[2] = attribute.readFloat();
            else if (attributeTag === 8) fields[8] = ints.push(attribute.readVarint(true)) && ints;
            else fields[attributeTag] = attribute.readVarint(true);
          }, {});
        }, {});
      }, {});
    }, {});
    return fields;
  }

  // AttributeProto: 1 name, 2 float, 3 int, 4 string, 8 ints, 20 type (1 float, 2 int, 3 string, 7 ints).
  test('each kind under its own tag, negative integers too', () => {
    expect(written(5)).toEqual({ 1: 'a', 3: 5, 20: 2 });
    expect(written(0)).toEqual({ 1: 'a', 3: 0, 20: 2 });
    expect(written(-1)).toEqual({ 1: 'a', 3: -1, 20: 2 });
    expect(written(-(2 ** 31))).toEqual({ 1: 'a', 3: -(2 ** 31), 20: 2 });
    expect(written('add')).toEqual({ 1: 'a', 4: 'add', 20: 3 });
    expect(written({ float: 0.5 })).toEqual({ 1: 'a', 2: 0.5, 20: 1 });
    expect(written({ float: Number.NEGATIVE_INFINITY })).toEqual({ 1: 'a', 2: Number.NEGATIVE_INFINITY, 20: 1 });
    expect(written([1, -1, 0])).toEqual({ 1: 'a', 8: [1, -1, 0], 20: 7 });
    expect(written([])).toEqual({ 1: 'a', 20: 7 });
  });
});

describe('other bytes', () => {
  const text = (s: string): Uint8Array => new TextEncoder().encode(s);
  const foreign: Record<string, Uint8Array> = {
    nothing: new Uint8Array(0),
    text: text('this is no model'),
    JSON: text('{"model": 1}'),
    PNG: Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52),
    gzip: Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3),
    zeros: new Uint8Array(64),
    ones: new Uint8Array(64).fill(255),
  };
  for (const [name, other] of Object.entries(foreign)) {
    test(name, () => {
      expect(() => decodeSummary(other)).toThrow(FormatError);
      expect(() => decodeSummary(other)).toThrow(/^read ONNX: expected an ONNX model, got /);
    });
  }

  test('a model cut off anywhere', () => {
    // Metadata and further operator sets come last: without them whole, it is still a model.
    const wholes = new Set<number>();
    new PbfReader(bytes).readFields((tag, _, pbf) => {
      pbf.skip(pbf.type);
      if (tag === 8 || tag === 14) wholes.add(pbf.pos);
    }, {});
    expect(wholes.size).toBe(4);
    for (let end = 0; end < bytes.length; end++) {
      const cut = (): unknown => decodeSummary(bytes.subarray(0, end));
      if (wholes.has(end)) expect(cut).not.toThrow();
      else expect(cut, `${end} of ${bytes.length} bytes`).toThrow(FormatError);
    }
  });

  test('random bytes never do anything but throw a FormatError or give a summary', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        try {
          expect(decodeSummary(random).opset).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
