// Bundles the conformance runner of test/conformance and runs it: `npm run conformance -- KIND FILE…`.
import { fileURLToPath } from 'node:url'
import { build } from 'tsdown'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = `${root}node_modules/.cache/towtank-conformance/`
await build({
  cwd: root,
  config: false,
  entry: { run: 'test/conformance/run.ts' },
  outDir: folder,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  dts: false,
  fixedExtension: true,
  logLevel: 'error',
})
const { main } = await import(`file://${folder}run.mjs`)
process.exitCode = main(process.argv.slice(2), console.log, console.error)
