import { defineConfig } from 'vitest/config'

/** The smoke size of every benchmark: does it still run, and does it still give the same answers? No time is judged. */
export default defineConfig({
  test: { include: ['bench/**/*.test.ts'], testTimeout: 300_000, maxWorkers: 2 },
})
