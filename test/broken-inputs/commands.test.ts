import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareJob } from '../../src/cli/compare/compare-job.ts'
import { diskFiles } from '../../src/cli/disk-files.ts'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { JobScreen, type ScreenOptions } from '../../src/cli/job-screen.ts'
import type { Job } from '../../src/cli/jobs.ts'
import { main } from '../../src/cli/program.ts'
import { rolloutJob } from '../../src/cli/rollout/rollout-job.ts'
import { runJob } from '../../src/cli/run-job.ts'
import { traceJob } from '../../src/cli/trace-job.ts'
import { invariant } from '../../src/invariant.ts'
import { simulate } from '../../src/scenario/simulate.ts'
import { MANIFEST, WHOLE } from './cases.ts'

/**
 * What is wrong on the command lines of everything but `run`: sweeps, their parts, comparisons, dumps, results, folders for a new scenario. Each ends
 * with exit code 2 and a message with its place and no stack, simulates nothing and writes nothing.
 */
const SWEEP = `apiVersion: towtank/v1
kind: Sweep
metadata: { name: lab }
spec:
  scenario: small.yaml
  seeds: 2
  parameters:
    workloads[0].serviceTime: [exp(5ms), exp(20ms)]
`

/** Nine lists of nine, ten times. */
const BOMB = `a: &a [${'x,'.repeat(8)}x]\n${Array.from('bcdefghij', (name, i) => `${name}: &${name} [${`*${'abcdefghi'[i]},`.repeat(8)}*${'abcdefghi'[i]}]`).join('\n')}\n`

const home = process.cwd()
let folder = ''

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The command line in this thread. Only where a test prepares something may anything be simulated. */
async function towtank(args: readonly string[], isRunAllowed = false): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  const terminal = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: { NO_COLOR: '1' },
  }
  const refuse = () => invariant(false, 'nothing runs')
  const doJob = async (job: Job, options: ScreenOptions) => {
    const screen = new JobScreen(options, terminal)
    const run = isRunAllowed ? simulate : (refuse as never)
    const tools = { simulate: run, files: diskFiles, tell: (event: Parameters<JobScreen['show']>[0]) => screen.show(event) }
    if (job.kind === 'run') return runJob(job, tools)
    if (job.kind === 'trace') return traceJob(job, tools)
    if (job.kind === 'compare') return compareJob(job, { ...tools, cells: refuse as never })
    return rolloutJob(job, { files: diskFiles, tell: tools.tell, meters: refuse as never })
  }
  const parts = { cells: refuse as never, reportClient: () => '' }
  const code = await main(args, { version: '0', terminal, workerFile: '', doJob, parts })
  return { code, stdout, stderr }
}

/** Everything in the folder with its size, links not followed. */
function listing(): readonly string[] {
  const names = readdirSync(folder, { recursive: true }) as string[]
  return names.toSorted().map((name) => `${name} ${lstatSync(join(folder, name)).size}`)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-broken-'))
  process.chdir(folder)
  const write = (name: string, text: string | Buffer) => writeFileSync(join(folder, name), text)
  write('web.yaml', MANIFEST)
  write('small.yaml', WHOLE)
  write('sweep.yaml', SWEEP)
  write('binary', Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 37) & 255)))
  write('large.yaml', '')
  truncateSync('large.yaml', 300_000_000)
  execFileSync('mkfifo', ['pipe'])
  symlinkSync('loop', 'loop')
  mkdirSync('mine')
  write('mine/letter.txt', 'dear')
  write('bomb.yaml', BOMB)
  write('cut.rules', '*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -j KUBE-SVC-X\n')
  write('cut.ipvs', '-A -t 10.96.0.1:80 -s\n')
  write('cut.nft', '{"nftables":[{"metainfo":{')
  write('deep.nft', `{"nftables":${'['.repeat(5000)}${']'.repeat(5000)}}`)
  write('no-list.yaml', 'kind: List\napiVersion: v1\nitems: 5\n')
  write('nameless.yaml', 'kind: List\napiVersion: v1\nitems: [{ kind: Service, apiVersion: v1 }]\n')
  write('letter.txt', 'dear\n')
  // A threshold of it fails.
  expect((await towtank(['run', 'small.yaml', '--out', 'whole', '--quiet'], true)).code).toBe(EXIT.thresholdFailed)
  cpSync('whole', 'damaged', { recursive: true })
  write('damaged/summary.json', '{"schemaVersion":1')
  cpSync('whole', 'foreign', { recursive: true })
  write('foreign/summary.json', '[1e999]')
  cpSync('whole', 'old', { recursive: true })
  write('old/summary.json', '{"schemaVersion":0}')
  cpSync('whole', 'torn', { recursive: true })
  appendFileSync('torn/requests.csv', '1,"2\n')
})
afterAll(() => {
  process.chdir(home)
  rmSync(folder, { recursive: true })
})

type Case = readonly [args: string, ...words: string[]]

/** One command line with what its message has to say. Words are split at blanks; `''` is an empty one. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  'a sweep': [
    ['sweep smal.yaml', 'Did you mean "'],
    ['sweep binary', 'it is not a text file'],
    ['sweep large.yaml', 'it is larger than 2 MiB'],
    ['sweep pipe', 'it is neither a file nor a folder'],
    ['sweep loop', 'its symbolic links lead in a circle'],
    ['sweep mine', 'it is a folder'],
    ['sweep bomb.yaml', 'bomb.yaml:'],
    ['sweep small.yaml --set x', "FIELD=VALUE,…, such as 'cluster.nodes[0].count=5,10,20'"],
    [
      'sweep small.yaml --set workloads[7].serviceTime=exp(1ms)',
      '--set workloads[7].serviceTime',
      'an entry "7" that the list does not have',
    ],
    ['sweep small.yaml --set cluster.etcd.memberz=3', 'Did you mean "members"?'],
    ['sweep small.yaml --set cluster.nodes[0].count=3', 'of a list that the scenario does not write: give it cluster.nodes'],
    ['sweep small.yaml --set workloads[0].serviceTime=exp(-5ms)', 'exp(-5ms)'],
    ['sweep small.yaml --set seed=1,2', 'Seeds are no field of a sweep'],
    ['sweep small.yaml --seeds 0', 'Expected a whole number from 1 to 10000'],
    ['sweep small.yaml --seeds 2 --seed 3', 'Cannot use --seeds with --seed'],
    ['sweep small.yaml --seed 3 --seed 3', 'The seed "3" is given twice'],
    ['sweep sweep.yaml --shard 3/2', 'Expected i/n with i from 1 to n'],
    ['sweep sweep.yaml --shard 0/2', 'Expected i/n with i from 1 to n'],
    ['sweep sweep.yaml --workers 0', 'Expected a whole number from 1 to 256'],
    ['sweep sweep.yaml --measure requests.latncy.*', 'No metric is called "requests.latncy.*"'],
    ['sweep sweep.yaml --out /proc/x/y', 'choose one with --out'],
    ['sweep sweep.yaml --out mine', 'it is not empty and not the result of a sweep'],
    ['sweep sweep.yaml --out web.yaml/out', 'is not a folder'],
    ['sweep sweep.yaml --out a/../b', 'goes back up with ".."'],
    ['sweep sweep.yaml --set cluster.etcd.members=3', 'write the field into its spec.parameters'],
  ],
  'a sweep where a scenario is expected': [
    ['run sweep.yaml', 'This is a Sweep: towtank sweep sweep.yaml', 'sweep.yaml:2:7'],
    ['trace sweep.yaml pod/a', 'This is a Sweep: towtank sweep sweep.yaml'],
    ['rollout sweep.yaml', 'This is a Sweep: towtank sweep sweep.yaml'],
    ['compare small.yaml sweep.yaml', 'This is a Sweep: towtank sweep sweep.yaml'],
  ],
  'parts of a sweep': [
    ['merge whole --out m', 'it has no sweep.json'],
    ['merge nowhere --out m', 'there is no such folder'],
    ['merge binary pipe loop --out m', 'Cannot read "binary" as the folder of a sweep: it is not a folder'],
    ['merge whole', "required option '-o, --out <folder>' not specified"],
    ['merge --out m', "missing required argument 'folder'"],
  ],
  'a comparison': [
    ['compare whole', 'expected a second result folder or scenario file'],
    ['compare whole nowhere', 'there is no such file or folder'],
    ['compare whole mine', 'Cannot compare "mine"'],
    ['compare whole small.yaml', 'Run the scenario first: towtank run small.yaml'],
    ['compare whole damaged', '"damaged/summary.json" is no JSON'],
    ['compare whole foreign', 'run the scenario again with this version'],
    ['compare whole old', 'run the scenario again with this version'],
    ['compare whole pipe', 'pipe'],
    ['compare whole loop', 'loop'],
    ['compare small.yaml binary', 'it is not a text file'],
    ['compare small.yaml small.yaml --replications 1e9', 'Expected a whole number from 1 to'],
    ['compare small.yaml small.yaml --tolerance nonsense', 'nonsense'],
    ['compare small.yaml --variants a', 'Expected'],
    ['compare small.yaml small.yaml --lang zj', 'Did you mean "zh"?'],
  ],
  'dumps of a cluster': [
    ['import nowhere', 'There is no file or folder "nowhere"'],
    ['import binary', 'it is not a text file'],
    ['import large.yaml', 'it is larger than 64 MiB'],
    ['import pipe', 'it is neither a file nor a folder'],
    ['import loop', 'its symbolic links lead in a circle'],
    ['import letter.txt', 'letter.txt:1:1', 'a map with apiVersion, kind and metadata'],
    ['import no-list.yaml', 'no-list.yaml:3:8', 'The items of a List are not a list'],
    ['import nameless.yaml', 'nameless.yaml:3:', 'has no name'],
    ['import bomb.yaml', 'Aliases stand for more than'],
    ['import cut.rules', 'cut.rules:3:1', 'The table nat does not end: the file is cut off'],
    ['import cut.ipvs', 'cut.ipvs:1:20', 'Cannot read "-s" in a line of ipvsadm -Sn'],
    ['import cut.nft', 'cut.nft:', 'This is no JSON'],
    ['import deep.nft', 'deep.nft:1:1', 'is no object of nftables'],
    ['import web.yaml --name ../x', 'Cannot use "../x" as the name of a scenario'],
    ['import web.yaml --out a/../b', 'goes back up with ".."'],
  ],
  'a folder for a new scenario': [
    ['init mine', 'it is not empty, it has "letter.txt". Nothing is overwritten: choose another name'],
    ['init web.yaml', 'it is a file'],
    ['init web.yaml/demo', 'no folder can be there'],
    ['init /proc/demo', 'the system refused it'],
    ['init loop', 'it is a symbolic link'],
    ["init ''", 'it is not the name of a folder'],
    ['init a/../b', 'goes back up with ".."'],
    ['init demo --template hallo', 'Did you mean "hello"?'],
  ],
  'a result to be shown': [
    ['report nowhere', 'there is no such folder. "towtank run FILE" writes one'],
    ['report damaged', 'Cannot report on "damaged"', 'summary.json'],
    ['report foreign', 'Cannot report on "foreign"'],
    ['report torn', 'Cannot report on "torn"'],
    ['report binary', 'Cannot report on "binary"'],
    ['report whole --lang zj', 'Did you mean "zh"?'],
    ['export whole', "required option '-f, --format <format>' not specified"],
    ['export whole --format otpl', 'Did you mean "otlp"?'],
    ['export nowhere --format perfetto', 'nowhere'],
    ['export damaged --format prometheus', 'damaged'],
    ['chart nowhere', 'nowhere'],
    ['chart binary', 'binary: it is not a text file'],
    ['chart torn', 'it is no CSV'],
    ['chart whole --kind fialed', 'did you mean "failed"?'],
    ['chart whole --theme dork', 'Did you mean "dark"?'],
    ['chart whole --kind latency --out x.gif', 'charts are .svg or .png, not .gif'],
    ['chart whole --out x.svg', 'charts into one file "x.svg"'],
    ['chart whole --traffic shopers', 'No traffic "shopers" in the tables'],
  ],
}

for (const [what, cases] of Object.entries(CASES))
  describe(`${what} that is wrong:`, () => {
    test.each(cases)('%s', async (line, ...words) => {
      const before = listing()
      const { code, stdout, stderr } = await towtank(line.split(' ').map((word) => (word === "''" ? '' : word)))
      expect([code, stdout], stderr).toEqual([EXIT.wrongInput, ''])
      for (const word of words) expect(stderr).toContain(word)
      expect(stderr).not.toMatch(/ {4}at .*\.[jt]s:\d+|bug in Towtank/)
      expect(stderr.length).toBeLessThan(20_000)
      expect(listing()).toEqual(before)
    })
  })
