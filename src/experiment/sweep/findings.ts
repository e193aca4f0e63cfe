import { isWithin, type Setting, settingsText } from './setting.ts'

/** What stands somewhere, and is said of it. */
interface Finding {
  readonly file: string
  readonly line: number
  readonly column?: number
  readonly message: string
}

/** A combination, as what is found in it may be explained. */
export interface Explained {
  /** null where there are no variants. */
  readonly variant: string | null
  readonly settings: readonly Setting[]
}

/**
 * What is found in many combinations: each finding once, with the settings that it comes from.
 *
 * What all combinations have in common needs no explanation, nor does a value that is wrong by itself and is pointed at. Where the settings that
 * its combinations share tell them from all others, those are named; otherwise the first combination is, with how many more there are.
 */
export class Findings<Entry extends Finding> {
  readonly #found = new Map<string, { readonly entry: Entry; readonly places: Set<number> }>()

  add(combination: number, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const key = JSON.stringify([entry.file, entry.line, entry.column ?? 0, entry.message])
      const known = this.#found.get(key) ?? { entry, places: new Set<number>() }
      known.places.add(combination)
      this.#found.set(key, known)
    }
  }

  /** In the order in which they were found. */
  explained(combinations: readonly Explained[]): readonly Entry[] {
    return [...this.#found.values()].map(({ entry, places }) => {
      const why = explanation(
        entry,
        [...places].map((index) => combinations[index]!),
        combinations,
      )
      return why === null ? entry : { ...entry, message: `${entry.message} (${why})` }
    })
  }
}

function explanation(finding: Finding, where: readonly Explained[], all: readonly Explained[]): string | null {
  if (where.length === all.length) return null
  const first = where[0]!
  const shared: Explained = {
    variant: where.every(({ variant }) => variant === first.variant) ? first.variant : null,
    settings: first.settings.filter((setting) => where.every((other) => other.settings.some((one) => same(one, setting)))),
  }
  const sharedBy = all.filter(
    ({ variant, settings }) =>
      (shared.variant === null || variant === shared.variant) &&
      shared.settings.every((setting) => settings.some((one) => same(one, setting))),
  )
  if (sharedBy.length > where.length) {
    const more = where.length === 1 ? '' : `, and in ${where.length - 1} more ${where.length === 2 ? 'combination' : 'combinations'}`
    return `with ${text(first)}${more}`
  }
  const [only, ...others] = shared.settings
  if (only !== undefined && others.length === 0 && shared.variant === null && pointsAt(finding, only)) return null
  return `with ${text(needed(shared, where.length, all))}`
}

/** The settings without those that say nothing: the rest is shared by just as many. */
function needed(shared: Explained, count: number, all: readonly Explained[]): Explained {
  let { settings } = shared
  for (const setting of shared.settings) {
    const rest = settings.filter((one) => one !== setting)
    const holders = all.filter(
      ({ variant, settings: own }) =>
        (shared.variant === null || variant === shared.variant) && rest.every((wanted) => own.some((one) => same(one, wanted))),
    )
    if (holders.length === count) settings = rest
  }
  return { ...shared, settings }
}

/** Values are the same when they are written at the same place: equal ones on one axis are refused. */
function same(a: Setting, b: Setting): boolean {
  return a.target.length === b.target.length && isWithin(a.target, b.target) && JSON.stringify(a.value) === JSON.stringify(b.value)
}

function pointsAt({ file, line, column }: Finding, { places }: Setting): boolean {
  const place = places.place([])
  return (
    file === place.file && line === place.line && (column === undefined || (column >= place.column && column < place.column + place.length))
  )
}

function text({ variant, settings }: Explained): string {
  return [...(variant === null ? [] : [`variant=${variant}`]), ...(settings.length === 0 ? [] : [settingsText(settings)])].join(', ')
}
