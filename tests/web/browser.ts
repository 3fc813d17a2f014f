/** A Chromium for tests, pages built for it, and a server for them. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { build, type InlineConfig } from 'vite';

/** Chromium's path: `CHROMIUM_PATH`, one on PATH, playwright's own, or else one that playwright installs now. */
function findChromium(): string | undefined {
  const named = process.env.CHROMIUM_PATH;
  if (named) return named;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
    const { status, stdout } = spawnSync('which', [name], { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
  }
  const own = (): string | undefined => {
    const place = chromium.executablePath();
    return spawnSync('test', ['-x', place]).status === 0 ? place : undefined;
  };
  const present = own();
  if (present !== undefined) return present;
  try {
    execFileSync('npx', ['playwright-core', 'install', 'chromium'], { stdio: 'inherit', timeout: 300_000 });
  } catch {
    return undefined;
  }
  return own();
}

const quiet = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const flags = {
  /** As it is. */
  plain: [],
  /** WebGPU computed by software. */
  'webgpu-sw': [
    '--enable-unsafe-webgpu',
    '--enable-unsafe-swiftshader',
    '--use-webgpu-adapter=swiftshader',
    '--enable-features=Vulkan',
  ],
  /** The interface of WebGPU is there, and no adapter. */
  'no-gpu': ['--disable-gpu', '--disable-software-rasterizer'],
} as const;

export type Graphics = keyof typeof flags;

const executablePath = findChromium();

/** Why tests in a browser cannot run here; undefined where they can. */
export const noBrowser: string | undefined =
  executablePath === undefined
    ? 'No Chromium: set CHROMIUM_PATH, or put chromium on PATH; npx playwright-core install chromium failed as well.'
    : undefined;
if (noBrowser !== undefined) console.warn(noBrowser);

export function launch(graphics: Graphics = 'plain'): Promise<Browser> {
  const options = { args: ['--headless=new', ...quiet, ...flags[graphics]], headless: true };
  return chromium.launch({ ...options, executablePath: executablePath! });
}

/** A new page whose errors and warnings are printed. */
export async function openPage(browser: Browser | BrowserContext, address: string): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(100_000); // machines may be busy; the test's own limit comes after it
  page.on('pageerror', (error) => console.error('page:', error));
  page.on('requestfailed', (request) => console.error('page:', request.url(), request.failure()?.errorText));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) console.error('page:', message.text());
  });
  await page.goto(address);
  return page;
}

/** Builds pages with Vite into a new temporary folder. @param root of the pages: index.html */
export async function buildPages(root: string, config: InlineConfig = {}): Promise<string> {
  const outDir = await fs.mkdtemp(path.join(os.tmpdir(), 'genera-pages-'));
  await build({
    configFile: false,
    root,
    base: './',
    worker: { format: 'es' },
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true, target: 'es2023', minify: false, assetsInlineLimit: 0 },
    ...config,
  });
  return outDir;
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

export interface Served {
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves a folder on a free port. @param isolated whether the pages may share memory between threads */
export async function serve(directory: string, { isolated = true } = {}): Promise<Served> {
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = path.join(directory, path.normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
    fs.readFile(file).then(
      (bytes) => {
        response.writeHead(200, {
          'content-type': types[path.extname(file)] ?? 'application/octet-stream',
          'content-length': bytes.length,
          ...(isolated && {
            'cross-origin-opener-policy': 'same-origin',
            'cross-origin-embedder-policy': 'require-corp',
          }),
        });
        response.end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
