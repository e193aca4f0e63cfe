import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { readManifests } from '../src/api/manifest.ts'
import { buildProgram } from '../src/cli/program.ts'

/** The manifests of docs/how-to/many-machines.md: as Kubernetes reads them, and the commands in them as Towtank reads those. */
const FOLDER = 'docs/how-to/kubernetes'
const files = readdirSync(FOLDER).map((name) => ({ path: `${FOLDER}/${name}`, text: readFileSync(`${FOLDER}/${name}`, 'utf8') }))
const page = readFileSync('docs/how-to/many-machines.md', 'utf8')

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0
if (!hasKubectl) console.warn('There is no kubectl here: it does not read the manifests of the docs')

const program = buildProgram({
  version: '0',
  terminal: { stdout: { write: () => undefined }, stderr: { write: () => undefined }, env: {} },
  workerFile: '',
  done: () => undefined,
})

type Values = Readonly<Record<string, unknown>>
interface Container {
  readonly command?: readonly string[]
  readonly args?: readonly string[]
}
interface Workload {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly completions?: number
    readonly template?: { readonly spec: { readonly terminationGracePeriodSeconds?: number; readonly containers: readonly Container[] } }
  }
}

const documents = (text: string): readonly Workload[] => parseAllDocuments(text).map((document) => document.toJS())

/** What a shell makes of the command of a pod: the words that `towtank` is called with. */
function calls({ command = [], args = [] }: Container, env: Readonly<Record<string, string>> = {}): readonly string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'towtank-manifests-'))
  try {
    const log = join(folder, 'calls')
    writeFileSync(join(folder, 'towtank'), `#!/bin/sh\nprintf '%s\\n' "$*" >>'${log}'\nexit 99\n`)
    chmodSync(join(folder, 'towtank'), 0o755)
    // The pod counts as done with 99, too.
    execFileSync(command[0]!, [...command.slice(1), ...args], { env: { PATH: `${folder}${delimiter}${process.env.PATH}`, ...env } })
    return readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' '))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function complaintsAbout([name, ...words]: readonly string[]): readonly string[] {
  const command = program.commands.find((one) => one.name() === name)
  if (command === undefined) return [`no command ${name}`]
  return words.filter((word) => word.startsWith('--') && !command.options.some(({ long }) => long === word))
}

describe('the manifests of the page', () => {
  test('are on it, and are what the API server accepts', async () => {
    for (const { path } of files) expect(page).toContain(`](${path.replace('docs/how-to/', '')})`)
    const { problems, objects } = await readManifests(files)
    expect(problems).toEqual([])
    expect(objects.map(({ object }) => object.kind).toSorted()).toEqual(
      ['Deployment', 'Deployment', 'Job', 'Job', 'Job', 'PersistentVolumeClaim', 'Service'].toSorted(),
    )
  })

  test.runIf(hasKubectl).each(files)('$path: kubectl knows every field', ({ path, text }) => {
    // `apply --dry-run=client` asks a server what it has; what reads a file locally drops the fields that kubectl does not know.
    const output = execFileSync('kubectl', ['label', '--local', '-f', path, 'checked=yes', '-o', 'json'], { encoding: 'utf8' })
    const read = output
      .split(/^(?=\{)/m)
      .filter((part) => part.trim() !== '')
      .map((part) => JSON.parse(part) as Values)
    expect(read).toMatchObject(documents(text))
  })

  test('run every shard once, also where a threshold fails', () => {
    const [job] = documents(readFileSync(`${FOLDER}/shards.yaml`, 'utf8'))
    const count = job!.spec.completions!
    const indexes = Array.from({ length: count }, (_, index) => index)
    const [container] = job!.spec.template!.spec.containers
    const shards = indexes.map((index) => {
      const [call, ...more] = calls(container!, { JOB_COMPLETION_INDEX: String(index) })
      expect(more).toEqual([])
      expect(complaintsAbout(call!)).toEqual([])
      return [call![call!.indexOf('--shard') + 1], call![call!.indexOf('--out') + 1]]
    })
    expect(shards).toEqual(indexes.map((index) => [`${index + 1}/${count}`, `/results/part-${index + 1}`]))
    for (const line of container!.args![0]!.trimEnd().split('\n')) expect(page).toContain(`${line}\n`)
  })

  test('call commands and options that there are', () => {
    const shells = files
      .filter(({ path }) => /\/(merge|sweep)\.yaml$/.test(path))
      .flatMap(({ text }) => documents(text).flatMap(({ spec }) => spec.template!.spec.containers))
    for (const container of shells) for (const call of calls(container)) expect(complaintsAbout(call)).toEqual([])
    const worker = documents(readFileSync(`${FOLDER}/queue.yaml`, 'utf8')).find(({ metadata }) => metadata.name === 'towtank-worker')!
    const { containers, terminationGracePeriodSeconds } = worker.spec.template!.spec
    expect(complaintsAbout(containers[0]!.command!.slice(1))).toEqual([])
    const grace = program.commands.find((one) => one.name() === 'worker')!.options.find(({ long }) => long === '--grace')!
    expect(terminationGracePeriodSeconds).toBeGreaterThan(Number.parseInt(grace.defaultValueDescription!, 10))
  })
})
