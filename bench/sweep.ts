/**
 * How much faster is a sweep on two workers than on one?
 *
 * Run with `npm run build && npm run bench -- sweep`. Fresh processes of the built program, in an order that turns round; wall time, as a person waits. The
 * checksum is of the cells' table, which must not depend on the workers.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Row, rowOf, type Size } from './harness/row.ts'

const PROGRAM = 'dist/cli/main.js'
/** The smoke size is of two cells. A threshold fails in some cells of the full one. */
const SWEEPS = {
  smoke: { words: ['scenarios/hello.yaml', '--seeds', '2'], cells: 2, rounds: 1, exitCode: 0 },
  full: { words: ['scenarios/sweeps/load-and-work.yaml'], cells: 12, rounds: 5, exitCode: 99 },
} as const

export default function main(size: Size): Row[] {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there: npm run build makes it`)
  const samples: Record<number, number[]> = { 1: [], 2: [] }
  const checksums: Record<number, string> = {}
  for (let round = 0; round < SWEEPS[size].rounds; round++)
    for (const workers of round % 2 === 0 ? [1, 2] : [2, 1]) {
      const { seconds, checksum } = sweepOn(workers, size)
      samples[workers]!.push(seconds)
      checksums[workers] = checksum
    }
  return [1, 2].map((workers) =>
    rowOf({
      question: 'sweep',
      variant: workers === 1 ? '1 worker' : '2 workers',
      size: SWEEPS[size].cells,
      unit: 's',
      samples: samples[workers]!,
      checksum: checksums[workers]!,
      baseline: '1 worker',
    }),
  )
}

function sweepOn(workers: number, size: Size): { readonly seconds: number; readonly checksum: string } {
  const folder = mkdtempSync(join(tmpdir(), 'towtank-sweep-'))
  try {
    const out = join(folder, 'out')
    const { words, exitCode } = SWEEPS[size]
    const before = performance.now()
    const { status } = spawnSync(process.execPath, [PROGRAM, 'sweep', ...words, '--workers', String(workers), '--quiet', '--out', out])
    const seconds = (performance.now() - before) / 1000
    if (status !== exitCode) throw new Error(`The sweep ended with ${status}`)
    const checksum = createHash('sha256')
      .update(readFileSync(join(out, 'sweep.csv')))
      .digest('hex')
      .slice(0, 12)
    return { seconds, checksum }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
