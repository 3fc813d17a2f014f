import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { studioFiles } from '../../src/server/studio/files.js';

let folder = '';
let server: Server;
let url = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'genera-files-'));
  server = createServer(studioFiles(join(folder, 'studio')));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true, force: true });
});

function put(path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

const get = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(`${url}${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
};

it('serves the app isolated, with types, and for ever what never changes', async () => {
  put('studio/index.html', '<title>app</title>');
  put('studio/assets/main-B7xk_q2Z.js', 'export {};');
  put('studio/assets/ort-wasm-CJqe-9a1.wasm', '\0asm');
  put('secret.txt', 'secret');
  const page = await get('/');
  expect(page.text).toBe('<title>app</title>');
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const script = await get('/assets/main-B7xk_q2Z.js');
  expect(script.headers.get('content-type')).toMatch(/^text\/javascript/);
  expect(script.headers.get('cache-control')).toMatch(/immutable/);
  expect(script.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  expect((await get('/assets/ort-wasm-CJqe-9a1.wasm')).headers.get('content-type')).toBe('application/wasm');
  for (const path of ['/map', '/m/vae', '/compare?a=vae&b=ae']) expect((await get(path)).text).toBe(page.text);
  expect((await get('/assets/none.js')).status).toBe(404);
  for (const path of ['/..%2fsecret.txt', '/%2e%2e/secret.txt', '/assets/..%2f..%2fsecret.txt']) {
    expect((await get(path)).text).not.toContain('secret');
  }
  expect((await get('/', { method: 'POST' })).status).toBe(405);
});

it('takes the runtime from onnxruntime-web where the build has been shipped without it', async () => {
  put('studio/index.html', 'app');
  put('studio/assets/ort-wasm-simd-threaded-D5D0_o7z.mjs', 'export {}; // the build’s own');
  expect((await get('/assets/ort-wasm-simd-threaded-D5D0_o7z.mjs')).text).toBe('export {}; // the build’s own');
  for (const [asset, file] of [
    ['ort-wasm-simd-threaded-a-cdefgh.mjs', 'ort-wasm-simd-threaded.mjs'],
    ['ort-wasm-simd-threaded.asyncify-CGX8rfbW.mjs', 'ort-wasm-simd-threaded.asyncify.mjs'],
  ]) {
    const { status, text, headers } = await get(`/assets/${asset}`);
    expect(status).toBe(200);
    expect(text).toBe(readFileSync(join('node_modules/onnxruntime-web/dist', file!), 'utf8'));
    expect(headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(headers.get('cache-control')).toMatch(/immutable/);
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  }
  const { headers } = await get('/assets/ort-wasm-simd-threaded.asyncify-D5D0fo7z.wasm', { method: 'HEAD' });
  expect(headers.get('content-type')).toBe('application/wasm');
  expect((await get('/assets/ort-wasm-none-D5D0fo7z.wasm')).status).toBe(404);
  expect((await get('/assets/ort.min-D5D0fo7z.js')).status).toBe(404); // of that package nothing but the runtime
});

it('says how to build it where it has not been built, and serves it as soon as it is', async () => {
  const missing = await get('/');
  expect([missing.status, missing.text]).toEqual([503, expect.stringContaining('npm run build:studio')]);
  put('studio/index.html', 'app');
  expect((await get('/')).text).toBe('app');
});
