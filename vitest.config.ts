import './scripts/assemble.js';
import './scripts/list-models.js';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/**
 * A test's file name says what it needs: `x.test.ts` nothing, `x.node.test.ts` onnxruntime-node, `x.browser.test.ts` a
 * Chromium, `x.models.test.ts` trains every model at its tiny size, `x.slow.test.ts` time (not part of `npm test`).
 */
const kinds = ['node', 'browser', 'models', 'slow'] as const;

/** Seconds one test, or one hook, may take. */
const limits = { node: 120, browser: 120, models: 300, slow: 3600 };

/**
 * The runtime uses every core by itself, so two files at a time are enough; a process per file gives its native memory
 * back. The unit tests run by themselves first, and those of the browser one by one at the end (`groupOrder`), so that the
 * times that they measure do not depend on the others.
 */
function withRuntime(kind: (typeof kinds)[number]): TestProjectInlineConfiguration {
  const milliseconds = limits[kind] * 1000;
  return {
    test: {
      name: kind,
      include: [`tests/**/*.${kind}.test.ts`],
      pool: 'forks',
      maxWorkers: kind === 'browser' ? 1 : 2,
      sequence: { groupOrder: kind === 'browser' ? 2 : 1 },
      testTimeout: milliseconds,
      hookTimeout: milliseconds,
    },
  };
}

export default defineConfig({
  test: {
    passWithNoTests: true,
    reporters: ['default', './tests/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          exclude: kinds.map((kind) => `tests/**/*.${kind}.test.ts`),
          pool: 'threads',
          maxWorkers: '100%', // of the cores; one is left free otherwise
          testTimeout: 10_000,
        },
      },
      ...kinds.map(withRuntime),
    ],
  },
});
