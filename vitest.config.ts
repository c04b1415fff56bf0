import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,web,test}/**/*.test.ts'],
    testTimeout: 60_000,
    // Some build the package or a page first.
    hookTimeout: 120_000,
    // Tests share two cores with the processes that they start and watch.
    maxWorkers: 2,
  },
});
