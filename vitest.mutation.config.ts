import { defineConfig } from 'vitest/config'

/** What judges a mutant of the proxy core: its unit tests and the recorded kernel traces (docs/mutation.md). */
export default defineConfig({
  test: { include: ['src/proxy/**/*.test.ts', 'test/kernel/ipvs-traces.test.ts'], testTimeout: 120_000 },
})
