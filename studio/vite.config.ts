/** Builds the Studio into dist/studio: files for any static host, at any address. Run `npm run build` before. */
import { defineConfig } from 'vite';
import { content } from './build/content.js';

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [
    content(async () => {
      const [{ models, dataSets }, { describeModel, describeData }] = await Promise.all([
        import('genera'),
        import('./build/models.js'),
      ]);
      return { models: models.map(describeModel), data: describeData(dataSets) };
    }),
  ],
  worker: { format: 'es' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/studio',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 2048,
    chunkSizeWarningLimit: 4000,
  },
});
