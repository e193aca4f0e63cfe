import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { disagreements, type Row, type Size } from './harness/row.ts'
import { SCALED, SIZES_MIN } from './scaling.ts'
import { TARGETS, type Target } from './targets.ts'

const folder = new URL('.', import.meta.url)
const benchmarks = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && /^export default /m.test(readFileSync(new URL(name, folder), 'utf8')))
  .map((name) => name.slice(0, -3))

describe.each(benchmarks)('%s', (name) => {
  test('its smoke size gives every figure that targets and curves ask for, from variants that agree', async () => {
    const { default: main } = (await import(`./${name}.ts`)) as { default: (size: Size) => Row[] | Promise<Row[]> }
    const rows = await main('smoke')
    expect(disagreements(rows)).toEqual([])
    for (const row of rows) expect(Number.isFinite(row.value), `${row.question} ${row.variant}`).toBe(true)
    for (const target of TARGETS.filter(({ benchmark }) => benchmark === name))
      expect([target.work, figures(target, rows)]).toEqual([target.work, true])
    for (const { benchmark, question, variants } of SCALED) {
      if (benchmark !== name) continue
      for (const variant of variants ?? []) {
        const sizes = rows.filter((row) => row.question === question && row.variant === variant).length
        expect(sizes, `${question} ${variant}`).toBeGreaterThanOrEqual(SIZES_MIN)
      }
    }
  })
})

/** The sizes of a smoke run are other ones: any will do, two where sizes are compared. */
function figures(target: Target, rows: readonly Row[]): boolean {
  const { question, variant } = target.row
  const own = rows.filter((row) => row.question === question && (variant === undefined || row.variant === variant))
  const { figure } = target
  if (figure.of === 'times better')
    return own.some((row) => rows.some((other) => other.question === question && other.size === row.size && other.variant === figure.than))
  if (figure.of === 'times the cost' && figure.than.variant !== undefined)
    return rows.some((row) => row.question === question && row.variant === figure.than.variant)
  return own.length >= (figure.of === 'exponent' || figure.of === 'times the cost' ? 2 : 1)
}
