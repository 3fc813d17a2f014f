import { mkdirSync, writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** Where the line lies that `.ci/run` prints last. */
const summaryFile = '.cache/test-summary.txt';

/**
 * Writes `N passed, N failed` after a run. Besides failed tests, a failure is each file or suite that could not be
 * collected or set up, and each error that no test caught.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    let passed = 0;
    let failed = unhandled.length;
    for (const module of modules) {
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        if (state === 'failed') failed += 1;
      }
    }
    mkdirSync('.cache', { recursive: true });
    writeFileSync(summaryFile, `${passed} passed, ${failed} failed\n`);
  }
}
