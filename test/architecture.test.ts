import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

/**
 * The house: who may import whom, and what the model may not touch.
 *
 * leaves ← cores ← domain ← assembly ← edge. A folder may import itself, the leaves, and what stands beside it here.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  proxy: [],
  api: [],
  profiles: [],
  metrics: [],
  network: ['engine'],
  'control-plane': ['engine', 'api'],
  node: ['engine', 'api', 'control-plane', 'network'],
  ingress: ['engine', 'api', 'proxy', 'metrics', 'network', 'control-plane', 'node', 'workload'],
  'kube-proxy': ['engine', 'api', 'proxy', 'profiles', 'metrics', 'network'],
  workload: ['engine', 'api', 'proxy', 'profiles', 'metrics', 'network', 'node', 'kube-proxy'],
  dns: ['api', 'control-plane'],
  'network-policy': ['engine', 'api', 'control-plane', 'network', 'node', 'workload'],
  faults: ['engine', 'api', 'node', 'workload'],
  scenario: [
    'engine',
    'api',
    'profiles',
    'metrics',
    'network',
    'control-plane',
    'node',
    'kube-proxy',
    'ingress',
    'workload',
    'dns',
    'network-policy',
    'faults',
  ],
  experiment: ['engine', 'api', 'metrics', 'scenario'],
  parameters: [
    'engine',
    'api',
    'proxy',
    'profiles',
    'metrics',
    'network',
    'control-plane',
    'node',
    'kube-proxy',
    'ingress',
    'workload',
    'faults',
    'scenario',
  ],
  import: ['api', 'kube-proxy', 'scenario'],
  report: ['api', 'metrics', 'scenario', 'experiment'],
  bench: ['engine', 'proxy'],
  docs: ['control-plane', 'scenario', 'parameters', 'report', 'library', 'cli'],
  library: ['api', 'metrics', 'scenario', 'experiment', 'parameters', 'report', 'cli'],
  cli: ['api', 'metrics', 'scenario', 'experiment', 'parameters', 'import', 'report', 'bench'],
}
const LEAVES = ['units.ts', 'invariant.ts', 'kubernetes-version.ts', 'linux-version.ts']
/** Folders that see files, real time, colours and the process. */
const EDGE = ['cli', 'report', 'bench', 'docs', 'library']

const SOURCE = fileURLToPath(new URL('../src', import.meta.url))

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? files(path) : path.endsWith('.ts') ? [path] : []
  })
}

const sources = files(SOURCE).map((path) => ({ path, name: relative(SOURCE, path), text: readFileSync(path, 'utf8') }))
const models = sources.filter(({ name }) => !name.endsWith('.test.ts') && !name.includes('/testing/'))

/** Relative imports, as paths from src. */
function importsOf(path: string, text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => relative(SOURCE, join(dirname(path), match[1]!)))
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
}

describe('imports point one way', () => {
  test('every folder of src is in the table', () => {
    const folders = readdirSync(SOURCE).filter((name) => statSync(join(SOURCE, name)).isDirectory())
    expect(folders.filter((folder) => !(folder in MAY_IMPORT))).toEqual([])
  })

  test('no file imports what its folder may not', () => {
    const offences = models.flatMap(({ path, name, text }) => {
      const folder = name.split('/')[0]!
      if (name === 'index.ts') return []
      return importsOf(path, text)
        .filter((target) => !LEAVES.includes(target) && target.split('/')[0] !== folder && target !== '../package.json')
        .filter((target) => LEAVES.includes(name) || !MAY_IMPORT[folder]!.includes(target.split('/')[0]!))
        .map((target) => `${name} imports ${target}`)
    })
    expect(offences).toEqual([])
  })
})

describe('a run is a function of scenario, seed and version', () => {
  const forbidden: readonly { readonly pattern: RegExp; readonly instead: string; readonly except?: RegExp }[] = [
    { pattern: /\bDate\b\s*[.(]|new Date\b/, instead: 'sim.now is the only clock' },
    { pattern: /Math\.random/, instead: 'draw from sim.rng(name)' },
    { pattern: /Math\.pow|\*\*/, instead: 'exp(y * log(x)) in engine/distributions.ts: powers differ between versions of Node' },
    {
      pattern: /Math\.(log|exp|sqrt|sin|cos|log2|log10|log1p|expm1|cbrt|hypot|tan)\b/,
      instead: 'engine/distributions.ts',
      except: /^engine\/(distributions|elementary)\.ts$/,
    },
    {
      pattern: /\bperformance\b\s*\.|process\.(hrtime|env|argv|exit)|setTimeout|setInterval|setImmediate|queueMicrotask/,
      instead: 'schedule an event',
    },
    { pattern: /localeCompare|toLocale|Intl\./, instead: 'compare code units' },
    { pattern: /for\s*\(\s*(const|let)\s+\w+\s+in\s/, instead: 'iterate an array or a Map' },
    { pattern: /^(let|var)\s/m, instead: 'no module state: ids and caches belong to the Simulation' },
    { pattern: /from 'node:/, instead: 'files and processes belong to cli and report', except: /^scenario\/load/ },
  ]
  test.each(forbidden)('no $pattern in the model: $instead', ({ pattern, except }) => {
    const offenders = models
      .filter(({ name }) => !EDGE.includes(name.split('/')[0]!))
      .filter(({ name, text }) => except?.test(name) !== true && pattern.test(withoutComments(text)))
    expect(offenders.map(({ name }) => name)).toEqual([])
  })
})
