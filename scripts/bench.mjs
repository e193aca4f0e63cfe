// Bundles the benchmarks of bench/ and runs them: `npm run bench` for all, `npm run bench -- lookup` for one, `--check` to hold them to their
// targets, `--smoke` for the small size. bench/runner.ts does the rest.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'tsdown'

const root = fileURLToPath(new URL('..', import.meta.url))
const known = readdirSync(`${root}bench`)
  .filter((name) => name.endsWith('.ts') && /^export default /m.test(readFileSync(`${root}bench/${name}`, 'utf8')))
  .map((name) => name.slice(0, -3))
const bundles = `${root}node_modules/.cache/towtank-bench/`
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
const { run } = await import(`${bundles}runner.mjs`)
process.exitCode = run({ bundles, known, words: process.argv.slice(2), folder: `${root}results/bench` })
