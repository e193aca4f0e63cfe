// Bundles the benchmarks of bench/ and runs them: `npm run bench` for all, `npm run bench -- lookup` for one, `--smoke` for the small size.
// Each runs in a process of its own, so that none warms up the other's code.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'tsdown'

const root = fileURLToPath(new URL('..', import.meta.url))
const known = readdirSync(`${root}bench`)
  .filter((name) => name.endsWith('.ts') && /^export default /m.test(readFileSync(`${root}bench/${name}`, 'utf8')))
  .map((name) => name.slice(0, -3))
const words = process.argv.slice(2)
const size = words.includes('--smoke') ? 'smoke' : 'full'
const wanted = words.filter((word) => !word.startsWith('--'))
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`No benchmark "${unknown.join('", "')}": there are ${known.join(', ')}`)
  process.exit(2)
}
const names = wanted.length === 0 ? known : wanted
const folder = `${root}node_modules/.cache/towtank-bench/`
await build({
  cwd: root,
  config: false,
  entry: Object.fromEntries(names.map((name) => [name, `bench/${name}.ts`])),
  outDir: folder,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  dts: false,
  fixedExtension: true,
  logLevel: 'error',
})
for (const name of names) {
  console.log(`\n${name}`)
  const program = `const { default: main } = await import(${JSON.stringify(`file://${folder}${name}.mjs`)}); await main(${JSON.stringify(size)})`
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit', cwd: root })
  if (status !== 0) process.exit(status ?? 1)
}
