/** The Studio's files, as the build has made them. */
import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';

const folder = fileURLToPath(new URL('../../studio', import.meta.url));

/** Seconds. */
const year = 31_536_000;

/** Names with a digest of the content in them, which therefore never changes. */
const hashed = /[-.][\w-]{8,}\.\w+$/;

/**
 * Names of ONNX Runtime's files among the assets. The npm package leaves out these 41 MB: onnxruntime-web, on which it
 * depends, has the same files, under names without a digest.
 */
const runtimeFile = /^\/assets\/(ort-wasm-[\w.-]+)-[\w-]{8}(\.(?:mjs|wasm))$/;

const missing = `<!doctype html>
<title>genera studio</title>
<p>The Studio has not been built. Run <code>npm run build:studio</code>, then load this page again.
`;

/** Whether there is an app to serve. */
export function studioIsBuilt(): boolean {
  return existsSync(folder);
}

/**
 * Serves the Studio. Its pages are isolated from other origins, so that WebAssembly may use threads there.
 * A path that is no file is one of the app's pages: index.html.
 */
export function studioFiles(from = folder): (request: IncomingMessage, response: ServerResponse) => void {
  let files: ReturnType<typeof sirv> | undefined;
  let runtime: ReturnType<typeof sirv> | undefined;
  return (request, response) => {
    isolate(response);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET' }).end();
      return;
    }
    if (files === undefined) {
      if (!existsSync(from)) {
        response.writeHead(503, { 'content-type': 'text/html; charset=utf-8' }).end(missing);
        return;
      }
      files = sirv(from, { etag: true, single: true, dotfiles: false, setHeaders: cache });
    }
    const absent = (): void => {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('There is no such file.\n');
    };
    const [path = '', name, ending] = runtimeFile.exec(request.url ?? '') ?? [];
    if (name === undefined || existsSync(join(from, path))) return files(request, response, absent);
    runtime ??= sirv(runtimeFolder(), { immutable: true, maxAge: year });
    request.url = `/${name}${ending}`;
    runtime(request, response, absent);
  };
}

function runtimeFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'));
}

function isolate(response: ServerResponse): void {
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cross-origin-embedder-policy', 'require-corp');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('referrer-policy', 'no-referrer');
}

function cache(response: ServerResponse, path: string): void {
  const fixed = path.startsWith('/assets/') && hashed.test(path);
  response.setHeader('cache-control', fixed ? `public, max-age=${year}, immutable` : 'no-cache');
}
