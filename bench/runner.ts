/**
 * `npm run bench`: runs benchmarks, each in a process of its own, prints what they gave and how the targets stand, and writes tables and charts.
 *
 * What is written holds all benchmarks, also those that were not run this time: their rows stay.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasFailed, inUnit, judge, judgedTable, type Measured, textTable } from './check.ts'
import { baselineOf, disagreements, type Row, type Size, timesBetter } from './harness/row.ts'
import { readMeasured, writeTables } from './results.ts'
import { TARGETS } from './targets.ts'

const CALIBRATION = 'calibration'

export interface RunnerOptions {
  /** Where the bundled benchmarks are. */
  readonly bundles: string
  /** All that there are. */
  readonly known: readonly string[]
  readonly words: readonly string[]
  /** Where results go. */
  readonly folder: string
}

const USE = `npm run bench -- [NAME…] [--check] [--smoke]
  NAME…     only these benchmarks
  --check   those that a target needs; exit code 1 when one is missed by more than 15 %
  --smoke   the small size: judges no time, writes nothing`

/** Gives the exit code. */
export function run({ bundles, known, words, folder }: RunnerOptions): number {
  const flags = words.filter((word) => word.startsWith('-'))
  const named = words.filter((word) => !word.startsWith('-'))
  const wrong = [...flags.filter((flag) => flag !== '--check' && flag !== '--smoke'), ...named.filter((name) => !known.includes(name))]
  if (wrong.length > 0) {
    console.error(`No option or benchmark "${wrong.join('", "')}": there are ${known.join(', ')}\n\n${USE}`)
    return 2
  }
  const check = flags.includes('--check')
  const size: Size = flags.includes('--smoke') ? 'smoke' : 'full'
  const needed = known.filter((name) => TARGETS.some(({ benchmark }) => benchmark === name))
  const names = named.length > 0 ? named : (check ? needed : known).filter((name) => name !== CALIBRATION)
  const measured: Measured[] = []
  const broken: string[] = []
  for (const name of names) {
    const calibration = size === 'full' ? (rowsFrom(bundles, CALIBRATION, size)?.[0]?.value ?? null) : null
    console.log(
      `\n${name}${calibration === null ? '' : `   (calibration: heap-js hold at 10,000 pending ${inUnit(calibration, 'ns')}, on the reference machine 355 ns)`}`,
    )
    const rows = rowsFrom(bundles, name, size)
    if (rows !== null) console.log(rowTable(rows))
    const wrongs = rows === null ? [`${name} did not end as it should`] : disagreements(rows)
    for (const message of wrongs) console.error(message)
    if (rows === null || wrongs.length > 0) broken.push(name)
    else measured.push({ benchmark: name, rows, calibration })
  }
  if (size === 'smoke') return broken.length > 0 ? 1 : 0
  // What is broken has no figures any more, and not those of an earlier run.
  const all = [...readMeasured(folder).filter(({ benchmark }) => !names.includes(benchmark)), ...measured]
  writeTables(folder, all, known)
  const judged = judge(
    check ? measured : all,
    check && named.length > 0 ? TARGETS.filter(({ benchmark }) => names.includes(benchmark)) : TARGETS,
  )
  console.log(`\n${judgedTable(judged)}`)
  if (broken.length > 0) console.error(`\nWithout figures: ${broken.join(', ')}`)
  return broken.length > 0 || (check && hasFailed(judged)) ? 1 : 0
}

/** The rows of one benchmark, in a fresh process; null when it failed. */
function rowsFrom(bundles: string, name: string, size: Size): readonly Row[] | null {
  const place = mkdtempSync(join(tmpdir(), 'towtank-bench-'))
  const file = join(place, 'rows.json')
  try {
    const program = `import { writeFileSync } from 'node:fs'
      const { default: main } = await import(${JSON.stringify(`file://${bundles}${name}.mjs`)})
      writeFileSync(${JSON.stringify(file)}, JSON.stringify(await main(${JSON.stringify(size)})))`
    const { status } = spawnSync(process.execPath, ['--expose-gc', '--max-old-space-size=8192', '--input-type=module', '-e', program], {
      stdio: 'inherit',
    })
    return status === 0 ? JSON.parse(readFileSync(file, 'utf8')) : null
  } finally {
    rmSync(place, { recursive: true })
  }
}

function rowTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const baseline = baselineOf(row, rows)
    const better = baseline === undefined ? '' : `${timesBetter(row, baseline).toFixed(2)}x ${baseline.variant}`
    return [`  ${row.question}`, row.variant, row.size.toLocaleString('en-US'), inUnit(row.value, row.unit), better, row.checksum ?? '']
  })
  return textTable([['  question', 'variant', 'size', 'figure', 'times better than', 'checksum'], ...lines])
}
