/**
 * How long does `towtank run` of the hello scenario take from nothing, beside a Node that does nothing?
 *
 * Run: `npm run build && npm run bench -- cold-start`
 *
 * Fresh processes of the built program, in turn with `node -e 0`, median of rounds: wall time, as a person waits, and CPU time. The checksum is of the
 * requests that it writes.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Row, rowOf, type Size } from './harness/row.ts'

export interface ColdStartRow {
  readonly question: string
  readonly variant: 'towtank run' | 'node -e 0'
  readonly size: string
  readonly wallMs: number
  readonly cpuMs: number
  /** Wall time against that of `node -e 0`. */
  readonly ratio: number
  readonly checksum: string
}

interface Taken {
  readonly wallMs: number
  readonly cpuMs: number
}

const PROGRAM = 'dist/cli/main.js'
const SCENARIO = 'scenarios/hello.yaml'

export function measure(size: 'smoke' | 'full'): ColdStartRow[] {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there: npm run build makes it`)
  const rounds = size === 'smoke' ? 1 : 11
  const folder = mkdtempSync(join(tmpdir(), 'towtank-cold-'))
  try {
    const out = join(folder, 'hello')
    const [own, nothing]: [Taken[], Taken[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      own.push(take([PROGRAM, 'run', SCENARIO, '--quiet', '--out', out]))
      nothing.push(take(['-e', '0']))
    }
    const checksum = createHash('sha256')
      .update(readFileSync(join(out, 'requests.csv')))
      .digest('hex')
      .slice(0, 12)
    const peer = median(nothing.map(({ wallMs }) => wallMs))
    const row = (variant: ColdStartRow['variant'], taken: readonly Taken[]): ColdStartRow => {
      const wallMs = median(taken.map((one) => one.wallMs))
      const cpuMs = median(taken.map((one) => one.cpuMs))
      return { question: 'cold start', variant, size: 'hello', wallMs, cpuMs, ratio: wallMs / peer, checksum }
    }
    return [row('towtank run', own), row('node -e 0', nothing)]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** CPU time is what the kernel's `times` of a shell says of its child. */
function take(words: readonly string[]): Taken {
  const before = performance.now()
  const { status, stdout } = spawnSync('sh', ['-c', '"$@" && times', 'sh', process.execPath, ...words], { encoding: 'utf8' })
  const wallMs = performance.now() - before
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}`)
  const [user, system] = stdout.trimEnd().split('\n').at(-1)!.split(' ').map(milliseconds)
  return { wallMs: Math.round(wallMs), cpuMs: user! + system! }
}

/** Of `0m1.250000s`. */
function milliseconds(text: string): number {
  const [minutes, seconds] = text.slice(0, -1).split('m').map(Number)
  return Math.round((minutes! * 60 + seconds!) * 1000)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

export default function main(size: Size): Row[] {
  return measure(size).flatMap(({ variant, wallMs, cpuMs, checksum }) => {
    const about = { variant, size: 1, unit: 's', checksum: variant === 'towtank run' ? checksum : null, baseline: 'node -e 0' } as const
    return [
      rowOf({ ...about, question: 'first result', samples: [wallMs / 1000] }),
      rowOf({ ...about, question: 'first result: CPU time', samples: [cpuMs / 1000] }),
    ]
  })
}
