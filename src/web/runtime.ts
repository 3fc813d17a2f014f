/**
 * ONNX Runtime's WebAssembly: downloaded on first use, with its progress told. A page or worker runs one build of it,
 * with or without WebGPU, and keeps that until it ends.
 */
import { env } from 'onnxruntime-web/webgpu';
import { BackendError } from '../core/errors.js';

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

/** Bytes so far, and of the whole file: 0 where that is not known. */
export type OnDownload = (loaded: number, total: number) => void;

export interface RuntimeOptions {
  /** Threads of one operation. Default: one less than there are cores, at most 4; 1 without cross-origin isolation. */
  readonly threads?: number | undefined;
  /**
   * Folder with the files `ort-wasm-simd-threaded.*` of onnxruntime-web. Default: where the bundler laid them.
   */
  readonly files?: string | undefined;
  readonly onDownload?: OnDownload | undefined;
}

/** Threads that the runtime gets here. */
export function threadsFor({ threads }: RuntimeOptions): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return threads ?? Math.min(4, Math.max(1, navigator.hardwareConcurrency - 1));
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

/** A whole file, told piece by piece. */
export async function download(address: string, onDownload: OnDownload = () => undefined): Promise<ArrayBuffer> {
  const fault = (got: string, cause?: unknown): BackendError =>
    new BackendError(
      {
        operation: `download ${address}`,
        expected: 'the file',
        got,
        remedy: 'Check the connection and try again; where files lie elsewhere, say so with `files`.',
      },
      { cause },
    );
  try {
    const response = await fetch(address);
    if (!response.ok || response.body === null) throw fault(`${response.status} ${response.statusText}`.trim());
    if (response.headers.get('content-type')?.startsWith('text/html')) throw fault('a page of HTML');
    // The length that is told is that of the packed bytes.
    const packed = response.headers.has('content-encoding');
    const total = packed ? 0 : Number(response.headers.get('content-length') ?? 0);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    onDownload(0, total);
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array<ArrayBuffer>>) {
      parts.push(part);
      size += part.length;
      onDownload(size, total);
    }
    return await new Blob(parts).arrayBuffer();
  } catch (cause) {
    throw cause instanceof BackendError ? cause : fault(cause instanceof Error ? cause.message : String(cause), cause);
  }
}
