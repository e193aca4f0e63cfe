// Bundles the benchmarks of bench/ and runs them: `npm run bench` for all, `npm run bench -- lookup` for one, `--check` to hold them to their
// targets, `--smoke` for the small size. bench/runner.ts does the rest.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'tsdown'

const root = fileURLToPath(new URL('..', import.meta.url))
const known = readdirSync(`${root}bench`)
  .filter((name) => name.endsWith('.ts') && /^export default /m.test(readFileSync(`${root}bench/${name}`, 'utf8')))
  .map((name) => name.slice(0, -3))
// Of its own, so that two can run at once.
const bundles = `${root}node_modules/.cache/towtank-bench-${process.pid}/`
await build({
  cwd: root,
  config: false,
  entry: Object.fromEntries([...known, 'runner'].map((name) => [name, `bench/${name}.ts`])),
  outDir: bundles,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  dts: false,
  fixedExtension: true,
  logLevel: 'error',
})
try {
  const { run } = await import(`${bundles}runner.mjs`)
  process.exitCode = run({ bundles, known, words: process.argv.slice(2), folder: `${root}results/bench` })
} finally {
  rmSync(bundles, { recursive: true, force: true })
}
