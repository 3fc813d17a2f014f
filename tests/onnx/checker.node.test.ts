/** The reference checker of ONNX accepts the graph of every basic op, with its gradient and second derivative. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { input } from '../../src/core/leaves.js';
import { standardTarget } from '../../src/core/target.js';
import { link } from '../../src/runtime/link.js';
import { readCases, resultsOf } from '../contract/ops/harness.js';
import { table } from '../contract/ops/table.js';

/** Debian's interpreter, for which python3-onnx is packaged. */
const python = '/usr/bin/python3';
const script = fileURLToPath(new URL('check-models.py', import.meta.url));

test('every op passes the reference checker', ({ skip }) => {
  if (spawnSync(python, ['-c', 'import onnx']).status !== 0) {
    const reason = `not checked: ${python} has no onnx module (Debian: python3-onnx)`;
    console.warn(reason);
    skip(reason);
  }
  const folder = mkdtempSync(join(tmpdir(), 'genera-onnx-'));
  try {
    const cases = readCases('basic-ops.json');
    const names = new Map<string, string>();
    for (const [name, fn] of Object.entries(table)) {
      const c = cases.get(name)!;
      const inputs = c.inputs.map((t, i) => input(`x${i}`, t));
      const cotangents = (c.cotangents ?? []).map((t, i) => input(`c${i}`, t));
      const { outputs, grads, second } = resultsOf(fn, c, inputs, cotangents);
      const results = [...outputs, ...grads, ...second];
      const { model } = link(name, [...inputs, ...cotangents], results, new Map(), standardTarget);
      const file = `${names.size}.onnx`;
      names.set(file, name);
      writeFileSync(join(folder, file), model);
    }
    const { stdout, stderr } = spawnSync(python, [script, folder], { encoding: 'utf8' });
    expect(stdout, stderr).not.toBe('');
    const { checked, faults } = JSON.parse(stdout) as { checked: number; faults: Record<string, string> };
    expect(Object.entries(faults).map(([file, message]) => `${names.get(file)}: ${message}`)).toEqual([]);
    expect(checked).toBe(names.size);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
