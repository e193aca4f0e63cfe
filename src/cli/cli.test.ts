import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'tsdown'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

/**
 * The command line as a user has it: the program is built, and every test starts it as a process of its own.
 */
const OUT = resolve('node_modules/.cache/towtank-cli-test')
const PROGRAM = join(OUT, 'main.js')

beforeAll(async () => {
  rmSync(OUT, { recursive: true, force: true })
  await build({
    config: false,
    entry: { main: 'src/cli/main.ts', 'cell-worker': 'src/cli/pool/cell-worker.ts' },
    outDir: OUT,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: false,
    fixedExtension: false,
    logLevel: 'silent',
  })
})
afterAll(() => rmSync(OUT, { recursive: true, force: true }))

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-cli-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const MANIFEST = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: 'web:v1', ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
`

function scenario(options: { rate?: string; threshold?: string; duration?: string } = {}): string {
  return `apiVersion: towtank/v1
kind: Scenario
metadata: { name: small }
spec:
  duration: ${options.duration ?? '40s'}
  manifests: [web.yaml]
  workloads: [{ selector: app=web, serviceTime: 2ms, startUp: 1s }]
  traffic: [{ name: users, to: "http://web.shop.svc", arrivals: poisson(${options.rate ?? '50/s'}) }]
  thresholds: ["${options.threshold ?? 'requests.error_rate < 5%'}"]
  compare: { iptables: { cluster.kubeProxy.mode: iptables }, ipvs: { cluster.kubeProxy.mode: ipvs } }
`
}

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries({ 'web.yaml': MANIFEST, ...files })) writeFileSync(join(folder, name), text)
}

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '', FORCE_COLOR: undefined, CI: 'true' },
  })
}

function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (text) => {
    stdout += String(text)
  })
  child.stderr?.on('data', (text) => {
    stderr += String(text)
  })
  return new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })))
}

const towtank = (...args: string[]) => ended(start(...args))

/** Every file below a folder with its text. */
function contents(of: string): Record<string, string> {
  const names = readdirSync(of).toSorted()
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(of, name), 'utf8')]))
}

describe('towtank run', () => {
  test('prints the summary and writes its files, the same on every run and from every place', async () => {
    write({ 'small.yaml': scenario() })
    const first = await towtank('run', 'small.yaml')
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(/^✓ small: 2 thresholds passed \(seed 0, sha256:/)
    expect(first.stdout).toContain('Results in results/small')
    expect(first.stdout).not.toContain('\u001b')
    const files = contents(join(folder, 'results/small'))
    expect(Object.keys(files)).toEqual([
      'connections.csv',
      'events.csv',
      'failures.csv',
      'latency.csv',
      'nodes.csv',
      'objects.csv',
      'parameters.csv',
      'pods.csv',
      'proxy.csv',
      'requests.csv',
      'summary.json',
    ])
    expect(files['summary.json']).not.toContain(folder)
    mkdirSync(join(folder, 'elsewhere'))
    await ended(spawn(process.execPath, [PROGRAM, 'run', '../small.yaml', '--out', 'out', '--quiet'], { cwd: join(folder, 'elsewhere') }))
    expect(contents(join(folder, 'elsewhere/out'))).toEqual(files)
  })

  test('exits with 99 when a threshold fails, and writes the result all the same', async () => {
    write({ 'small.yaml': scenario({ threshold: 'requests.latency.p50 < 1us' }) })
    const { code, stdout } = await towtank('run', 'small.yaml')
    expect(code).toBe(99)
    expect(stdout).toMatch(/^✗ small: 2 of 2 thresholds failed/)
    expect(readdirSync(join(folder, 'results/small'))).toContain('summary.json')
  })

  test('exits with 2 when the input is wrong, shows where, and writes nothing', async () => {
    write({ 'small.yaml': scenario().replace('duration', 'durtion') })
    const { code, stdout, stderr } = await towtank('run', 'small.yaml')
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('small.yaml:5:3 Unknown key "durtion"\n  5 |   durtion: 40s\n    |   ^^^^^^^\n')
    expect(readdirSync(folder).toSorted()).toEqual(['small.yaml', 'web.yaml'])
  })

  test('prints JSON and nothing else on stdout when it is asked to', async () => {
    write({ 'small.yaml': scenario() })
    const { stdout, stderr } = await towtank('run', 'small.yaml', '--json', '--seed', '7')
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(join(folder, 'results/small/summary.json'), 'utf8')))
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, seed: '7', variants: [{ variant: 'iptables' }, { variant: 'ipvs' }] })
    expect(stderr).toContain('✓ small')
    expect((await towtank('run', 'small.yaml', '--quiet')).stdout).toBe('')
  })

  test('ends with 130 on Ctrl-C, and leaves the earlier result and nothing by halves', async () => {
    write({ 'small.yaml': scenario() })
    await towtank('run', 'small.yaml')
    const before = contents(join(folder, 'results/small'))
    write({ 'small.yaml': scenario({ rate: '50000/s', duration: '1h' }) })
    const child = start('run', 'small.yaml')
    const end = ended(child)
    await partialFolder()
    child.kill('SIGINT')
    expect(await end).toMatchObject({ code: 130, stderr: expect.stringContaining('Interrupted') })
    expect(readdirSync(join(folder, 'results'))).toEqual(['small'])
    expect(contents(join(folder, 'results/small'))).toEqual(before)
  })

  test('that is killed leaves nothing that looks whole, and the next run clears it away', async () => {
    write({ 'small.yaml': scenario({ rate: '50000/s', duration: '1h' }) })
    const child = start('run', 'small.yaml')
    const end = ended(child)
    await partialFolder()
    child.kill('SIGKILL')
    await end
    expect(readdirSync(join(folder, 'results'))).toEqual([expect.stringMatching(/^\.small\.partial-\d+-new$/)])
    write({ 'small.yaml': scenario() })
    expect((await towtank('run', 'small.yaml')).code).toBe(0)
    expect(readdirSync(join(folder, 'results'))).toEqual(['small'])
  })

  /** Waits until the run has begun to write. */
  async function partialFolder(): Promise<void> {
    for (;;) {
      const names = readOrNothing(join(folder, 'results'))
      if (names.some((name) => name.startsWith('.small.partial-'))) return
      await new Promise((done) => setTimeout(done, 20))
    }
  }
})

function readOrNothing(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

describe('towtank rollout', () => {
  const OPTIONS = ['--restart', 'deployment/web', '--at', '32s', '--replications', '3', '--limit', '2', '--json', '--quiet']
  const rollout = (out: string, workers: string) => towtank('rollout', 'small.yaml', ...OPTIONS, '--workers', workers, '--out', out)

  test('writes the same bytes with one thread and with two, and replaces a result of its own', async () => {
    write({ 'small.yaml': scenario({ duration: '45s' }) })
    const one = await rollout('one', '1')
    await rollout('two', '1')
    const two = await rollout('two', '2')
    // Pods without a readiness probe get requests before they listen: no sleep mends it.
    expect([one.code, one.stderr]).toEqual([99, ''])
    expect(JSON.parse(one.stdout)).toMatchObject({ command: 'rollout', verdict: 'none-found', withoutReadinessProbe: ['web'] })
    expect(two).toEqual(one)
    expect(Object.keys(contents(join(folder, 'one')))).toEqual(['rollout.csv', 'summary.json'])
    expect(contents(join(folder, 'two'))).toEqual(contents(join(folder, 'one')))
  })

  test.each([
    [['--object', 'deployment/web', '--restart', 'deployment/web'], 'Cannot use --object with --restart'],
    [['--at', '40s'], 'Cannot use --at without --restart'],
    [['--replications', '1'], 'Expected a whole number from 2 to 10000'],
    [['--restart', 'deployment/web', '--at', 'soon'], 'Cannot read "soon"'],
    [[], 'The timeline has no rolling update'],
  ])('refuses %j with exit code 2 and writes nothing', async (options, message) => {
    write({ 'small.yaml': scenario() })
    const { code, stdout, stderr } = await towtank('rollout', 'small.yaml', ...options)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(readdirSync(folder).toSorted()).toEqual(['small.yaml', 'web.yaml'])
  })
})

describe('the command line', () => {
  test('validates without running', async () => {
    write({ 'small.yaml': scenario(), 'bad.yaml': scenario().replace('http://web.shop', 'http://wep.shop') })
    expect(await towtank('validate', 'small.yaml')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^✓ small.yaml is valid \(iptables, ipvs; sha256:/),
    })
    const bad = await towtank('validate', 'small.yaml', 'bad.yaml', '--json')
    expect(bad.code).toBe(2)
    expect(bad.stderr).toContain('Did you mean "http://web.shop.svc"?')
    expect(JSON.parse(bad.stdout)).toMatchObject({ schemaVersion: 1, files: [{ valid: true }, { valid: false, problems: [{ line: 8 }] }] })
    expect(readdirSync(folder)).not.toContain('results')
  })

  test('traces an object and writes nothing', async () => {
    write({ 'small.yaml': scenario() })
    const { code, stdout } = await towtank('trace', 'small.yaml', 'deploy/web')
    expect(code).toBe(0)
    expect(stdout).toContain('Deployment/shop/web')
    expect(readdirSync(folder)).not.toContain('results')
    expect(await towtank('trace', 'small.yaml', 'deploy/wep')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean "web"?'),
    })
  })

  test.each([
    [['rnu', 'x.yaml'], '(Did you mean run?)'],
    [['run', '--sed', '3', 'x.yaml'], '(Did you mean --seed?)'],
    [['run'], "missing required argument 'file'"],
    [['run', 'x.yaml', '--seed', ''], 'It is empty'],
    [['run', 'x.yaml'], 'Cannot read the scenario "x.yaml": there is no such file'],
    [['x.yaml'], '(Did you mean towtank run x.yaml?)'],
    [['trace', 'x.yaml', 'pod/a', '--lang', 'hz'], 'Expected one of en, zh'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await towtank(...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  })

  test('says how to start when it is given nothing', async () => {
    const { code, stdout, stderr } = await towtank()
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('$ towtank init demo')
  })

  test('prints what is wrong as JSON, too, when JSON was asked for', async () => {
    write({ 'small.yaml': scenario().replace('duration', 'durtion') })
    const { code, stdout, stderr } = await towtank('run', 'small.yaml', '--json')
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, problems: [{ file: 'small.yaml', line: 5, column: 3 }], refusals: [] })
    expect(stderr).toContain('small.yaml:5:3 Unknown key "durtion"')
    const refused = await towtank('trace', 'small.yaml', 'deployment', '--json')
    expect(JSON.parse(refused.stdout)).toMatchObject({ schemaVersion: 1, problems: [{ line: 5 }] })
  })

  test('has help with examples for every command, and a version', async () => {
    for (const args of [
      ['--help'],
      ['run', '--help'],
      ['validate', '--help'],
      ['trace', '--help'],
      ['rollout', '--help'],
      ['init', '--help'],
      ['schema', '--help'],
      ['completion', '--help'],
      ['help', 'run'],
    ]) {
      const { code, stdout } = await towtank(...args)
      expect(code, args.join(' ')).toBe(0)
      expect(stdout, args.join(' ')).toContain('Examples:\n  $ towtank ')
    }
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(await towtank('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })
})
