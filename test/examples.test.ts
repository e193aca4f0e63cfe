import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'tsdown'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** The programs of examples/, each run by itself against a package as users have it; what it prints is what its .txt file has, to the letter. */
const OUT = resolve('node_modules/.cache/towtank-examples-test')
const PACKAGE = join(OUT, 'node_modules/towtank')
/** Not run by itself. */
const SHARED = 'shop.mjs'

const examples = readdirSync('examples').filter((name) => name.endsWith('.mjs') && name !== SHARED)

beforeAll(async () => {
  rmSync(OUT, { recursive: true, force: true })
  mkdirSync(PACKAGE, { recursive: true })
  cpSync('package.json', join(PACKAGE, 'package.json'))
  cpSync('examples', join(OUT, 'examples'), { recursive: true })
  cpSync('scenarios', join(OUT, 'scenarios'), { recursive: true })
  await build({
    config: false,
    entry: {
      index: 'src/index.ts',
      charts: 'src/library/charts.ts',
      engine: 'src/engine/index.ts',
      proxy: 'src/proxy/index.ts',
      'cli/cell-worker': 'src/cli/pool/cell-worker.ts',
    },
    outDir: join(PACKAGE, 'dist'),
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: false,
    fixedExtension: false,
    inlineOnly: false,
    logLevel: 'silent',
  })
}, 600_000)
afterAll(() => rmSync(OUT, { recursive: true, force: true }))

function run(args: readonly string[]): { readonly stdout: string; readonly stderr: string; readonly status: number | null } {
  return spawnSync(process.execPath, args, { cwd: OUT, encoding: 'utf8' })
}

test('there are some, and none without what it prints', () => {
  expect(examples.length).toBeGreaterThan(5)
  const printed = readdirSync('examples').filter((name) => name.endsWith('.txt'))
  expect(printed).toEqual(examples.map((name) => name.replace('.mjs', '.txt')))
})

test.each(examples)('%s prints what its page shows', (name) => {
  const { stdout, stderr, status } = run([`examples/${name}`])
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  expect(stdout).toBe(readFileSync(join('examples', name.replace('.mjs', '.txt')), 'utf8'))
})

describe('the package', () => {
  test('loads nothing of charts, of threads or of the command line for who only imports simulate', () => {
    const loaded = run(['--input-type=module', '--eval', LOADED_FILES])
    expect(loaded.stderr).toBe('')
    const text = loaded.stdout
      .split('\n')
      .filter((path) => path !== '')
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n')
    expect(text).toContain('seedrandom')
    for (const installed of ['@resvg/resvg-js', 'piscina', 'tinybench'])
      expect(text.match(new RegExp(`^(import|export)\\b[^\\n]*["']${installed}`, 'm')), installed).toBeNull()
    // What is bundled is known by what it says.
    for (const bundled of ['[ECharts]', 'CommanderError', 'class SingleBar']) expect(text.includes(bundled), bundled).toBe(false)
  })

  test('has no way in but its own', () => {
    for (const path of ['towtank/dist/index.js', 'towtank/cli/main'])
      expect(run(['--input-type=module', '--eval', `await import('${path}')`]).stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })
})

/** Follows static imports from the entry of the package. */
const LOADED_FILES = `
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
const seen = new Set()
const visit = (path) => {
  if (seen.has(path)) return
  seen.add(path)
  for (const [, below] of readFileSync(path, 'utf8').matchAll(/^(?:import|export)[^\\n]*? from ?"(\\.[^"]+)"/gm)) visit(join(dirname(path), below))
}
visit(fileURLToPath(import.meta.resolve('towtank')))
console.log([...seen].join('\\n'))
`
