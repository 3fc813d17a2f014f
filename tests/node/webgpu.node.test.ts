/** WebGPU in Node, on the software adapter that Chromium brings along. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { vulkanAdapters } from '../../src/node/vulkan.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const driver = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome']
  .map((directory) => join(directory, 'vk_swiftshader_icd.json'))
  .find((file) => existsSync(file));
const missing =
  vulkanAdapters() === undefined
    ? 'there is no Vulkan loader (Debian: libvulkan1)'
    : driver === undefined
      ? "Chromium's software adapter was not found (Debian: chromium)"
      : undefined;
if (missing !== undefined) console.warn(`skipped: WebGPU in Node, since ${missing}`);

/** Runs a module where SwiftShader is the only adapter. */
function run(...args: readonly string[]) {
  const env = { ...process.env, VK_ICD_FILENAMES: driver ?? '' };
  return spawnSync(process.execPath, args, { cwd: project, env, encoding: 'utf8' });
}

describe.skipIf(missing !== undefined)('on the software adapter', () => {
  beforeAll(() => {
    spawnSync(process.execPath, [join(project, 'node_modules/typescript/bin/tsc'), '-b'], { cwd: project });
  });

  test('training gives what it gives on the CPU, with the state in buffers of the device', () => {
    const { stdout, stderr, status } = run('tests/node/webgpu-child.mjs');
    expect(stderr.replace(/.*XDG_RUNTIME_DIR.*\n/g, '')).toBe('');
    expect(status).toBe(0);
    const { cpu, webgpu, weights, difference } = JSON.parse(stdout);
    expect(cpu.description).toContain('CPU');
    expect(webgpu.description).toMatch(/WebGPU, SwiftShader/);
    expect(webgpu.losses).toHaveLength(6);
    expect(webgpu.losses[5]).toBe(webgpu.losses[4]);
    for (const [i, loss] of webgpu.losses.entries()) expect(loss / cpu.losses[i]).toBeCloseTo(1, 5);
    expect(weights[0]).toBe(weights[1]);
    expect(difference).toBeLessThan(2e-4);
  });

  test('a user is not given it for a GPU', () => {
    const { stderr, status } = run('dist/cli/main.js', 'train', 'vae', '--device', 'webgpu', '--out', 'runs/never');
    expect(stderr).toMatch(/expected a GPU, got only SwiftShader.*a software adapter.*Install the driver/s);
    expect(status).toBe(1);
    expect(existsSync(join(project, 'runs/never'))).toBe(false);
  });
});

test('CUDA without its libraries says where they come from', () => {
  const { stderr, status } = run('dist/cli/main.js', 'doctor', '--device', 'cuda');
  expect(stderr).toMatch(/device cuda: expected .*npm rebuild onnxruntime-node|expected an NVIDIA GPU/s);
  expect(status).toBe(1);
});
