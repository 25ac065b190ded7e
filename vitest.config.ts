import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // As many as the machine has cores: vitest leaves one of two cores idle by itself.
    maxWorkers: availableParallelism(),
    testTimeout: 30_000,
    // Commands and servers start hundreds of times: what they run is compiled once.
    env: {
      NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/sealbench-tests', import.meta.url)),
    },
  },
});
