/** The rows of a benchmark as tables: one measured point a row, units in the column names. */
import { fold, hex } from './checksum.ts'
import { type BenchRows, isMet, type Target } from './rows.ts'

export interface BenchTable {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number | null)[])[]
}

export function tablesOf({ lookup, firstPacket, pick, update, ratios }: BenchRows): readonly BenchTable[] {
  return [
    {
      name: 'lookup',
      columns: ['mode', 'structure', 'services', 'position', 'ns_per_lookup', 'examined_per_lookup', 'checksum'],
      rows: lookup.map((row) => [
        row.mode,
        row.structure,
        row.services,
        row.position,
        tenth(row.ns),
        hundredth(row.examined),
        row.checksum,
      ]),
    },
    {
      name: 'first-packet',
      columns: ['mode', 'scheduler', 'services', 'endpoints', 'ns_per_packet', 'examined_per_packet', 'checksum'],
      rows: firstPacket.map((row) => [
        row.mode,
        row.scheduler,
        row.services,
        row.endpoints,
        tenth(row.ns),
        hundredth(row.examined),
        row.checksum,
      ]),
    },
    {
      name: 'pick',
      columns: ['mode', 'scheduler', 'method', 'endpoints', 'ns_per_pick', 'examined_per_pick', 'checksum'],
      rows: pick.map((row) => [row.mode, row.scheduler, row.method, row.endpoints, tenth(row.ns), hundredth(row.examined), row.checksum]),
    },
    {
      name: 'update',
      columns: ['mode', 'scheduler', 'change', 'services', 'endpoints', 'ns_per_change', 'checksum'],
      rows: update.map((row) => [row.mode, row.scheduler, row.change, row.services, row.endpoints, tenth(row.ns), row.checksum]),
    },
    {
      name: 'summary',
      columns: ['question', 'numerator', 'numerator_ns', 'denominator', 'denominator_ns', 'ratio', 'target', 'met'],
      rows: ratios.map((row) => {
        const met = isMet(row)
        const judged = met === null ? null : met ? 'yes' : 'no'
        const sides = [row.numerator, tenth(row.numeratorNs), row.denominator, tenth(row.denominatorNs)]
        return [row.question, ...sides, row.ratio, row.target === null ? null : targetInWords(row.target), judged]
      }),
    },
  ]
}

/** Such as `<= 3`. */
export function targetInWords({ kind, value }: Target): string {
  return `${kind === 'at most' ? '<=' : '>='} ${value}`
}

/** One checksum over those of all points, in order: the same on every machine for the same seed, whatever the time given to a point. */
export function checksumOf({ lookup, firstPacket, pick, update }: BenchRows): string {
  let checksum = 0
  for (const row of [...lookup, ...firstPacket, ...pick, ...update]) checksum = fold(checksum, Number.parseInt(row.checksum, 16))
  return hex(checksum)
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}

function hundredth(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100
}
