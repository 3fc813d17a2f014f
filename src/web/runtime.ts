/**
 * ONNX Runtime's WebAssembly: downloaded on first use, with its progress told. A page or worker runs one build of it,
 * with or without WebGPU, and keeps that until it ends.
 */
import { env } from 'onnxruntime-web/webgpu';
import { BackendError } from '../core/errors.js';
import { download, type OnDownload } from './download.js';
import { type ThreadOptions, threadsFor } from './threads.js';

/** The builds, and their two files each. Bundlers see these addresses and lay the files beside the application. */
const builds = {
  wasm: {
    mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.mjs', import.meta.url),
    wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url),
  },
  webgpu: {
    mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs', import.meta.url),
    wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url),
  },
} as const;

export type Build = keyof typeof builds;

export interface RuntimeOptions extends ThreadOptions {
  /**
   * Folder with the files `ort-wasm-simd-threaded.*` of onnxruntime-web. Default: where the bundler laid them.
   */
  readonly files?: string | undefined;
  readonly onDownload?: OnDownload | undefined;
}

let loaded: { readonly build: Build; readonly threads: number; readonly ready: Promise<void> } | undefined;

/**
 * Makes a build ready.
 * @throws BackendError where its files cannot be had, or another build is in use already
 */
export async function loadRuntime(build: Build, options: RuntimeOptions = {}): Promise<void> {
  const threads = threadsFor(options);
  loaded ??= { build, threads, ready: fetchRuntime(build, threads, options) };
  if (loaded.build !== build || loaded.threads !== threads) {
    throw new BackendError({
      operation: `load the ${build} runtime with ${threads} threads`,
      expected: 'one runtime in a page or worker',
      got: `the ${loaded.build} runtime with ${loaded.threads} threads, in use`,
      remedy: 'Use another worker for it.',
    });
  }
  try {
    await loaded.ready;
  } catch (error) {
    loaded = undefined; // the next use tries again
    throw error;
  }
}

async function fetchRuntime(build: Build, threads: number, { files, onDownload }: RuntimeOptions): Promise<void> {
  const address = (kind: 'mjs' | 'wasm'): string => {
    const { href } = builds[build][kind];
    if (files === undefined) return href;
    const name = `ort-wasm-simd-threaded.${build === 'webgpu' ? 'asyncify.' : ''}${kind}`;
    return new URL(name, new URL(files.endsWith('/') ? files : `${files}/`, globalThis.location.href)).href;
  };
  env.wasm.numThreads = threads;
  env.wasm.wasmPaths = { mjs: address('mjs'), wasm: address('wasm') };
  env.wasm.wasmBinary = await download(address('wasm'), onDownload);
  env.logLevel = 'error';
}
