import { nearest } from '../../api/did-you-mean.ts'

interface Named {
  readonly name: string
}

interface Chooser<V extends Named> {
  readonly given: string
  readonly wanted: string | null
  readonly variants: readonly V[]
}

export type ChosenVariants<V extends Named> =
  | {
      readonly ok: true
      readonly pairs: readonly (readonly [V, V])[]
      readonly leftOutA: readonly string[]
      readonly leftOutB: readonly string[]
    }
  | { readonly ok: false; readonly reason: string }

/**
 * Which variants of A are compared with which of B: the ones that are named, the only one of a side, or else all that have the same name on both.
 */
export function chooseVariants<V extends Named>(a: Chooser<V>, b: Chooser<V>): ChosenVariants<V> {
  const unknown = whyUnknown(a) ?? whyUnknown(b)
  if (unknown !== null) return { ok: false, reason: unknown }
  const candidatesA = a.variants.filter(({ name }) => a.wanted === null || name === a.wanted)
  const candidatesB = b.variants.filter(({ name }) => b.wanted === null || name === b.wanted)
  const [onlyA, onlyB] = [candidatesA[0]!, candidatesB[0]!]
  if (candidatesA.length === 1 && candidatesB.length === 1) return { ok: true, pairs: [[onlyA, onlyB]], leftOutA: [], leftOutB: [] }
  const pairs = candidatesA.flatMap((one): (readonly [V, V])[] => {
    const other = candidatesB.find(({ name }) => name === one.name)
    return other === undefined ? [] : [[one, other]]
  })
  if (pairs.length === 0)
    return {
      ok: false,
      reason: `"${a.given}" and "${b.given}" have no variant of the same name: expected ${a.given}#VARIANT with one of ${names(candidatesA)}, and ${b.given}#VARIANT with one of ${names(candidatesB)}`,
    }
  const paired = new Set(pairs.map(([{ name }]) => name))
  const leftOut = (all: readonly Named[]): readonly string[] => all.flatMap(({ name }) => (paired.has(name) ? [] : [name]))
  return { ok: true, pairs, leftOutA: leftOut(candidatesA), leftOutB: leftOut(candidatesB) }
}

function whyUnknown({ given, wanted, variants }: Chooser<Named>): string | null {
  if (wanted === null || variants.some(({ name }) => name === wanted)) return null
  const known = variants.map(({ name }) => name)
  const near = nearest(wanted, known)
  return `There is no variant "${wanted}" in "${given}": expected one of ${known.join(', ')}${near === null ? '' : `. Did you mean "${near}"?`}`
}

function names(variants: readonly Named[]): string {
  return variants.map(({ name }) => name).join(', ')
}
