import { defineConfig } from 'vite';

// Threads of WebAssembly need these two headers, wherever the page is served from.
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default defineConfig({
  server: { headers },
  preview: { headers },
  // Their workers and WebAssembly lie beside them, where Vite finds them as long as it does not bundle them beforehand.
  optimizeDeps: { exclude: ['genera', 'onnxruntime-web'] },
});
