import type { Places } from '../../scenario/load-context.ts'
import type { Complaint } from '../../scenario/parse-result.ts'
import type { Path, Place, PlacePart } from '../../scenario/parse-yaml.ts'
import type { FieldChange } from '../../scenario/variants.ts'

/** The value that a field takes in a combination. */
export interface Setting extends FieldChange {
  /** As the user wrote it. */
  readonly field: string
  /** Where the value is written; paths begin at the value. */
  readonly places: Places
}

/** A value as text for tables and messages: a text as it is, everything else as JSON. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Such as `cluster.kubeProxy.mode=ipvs, cluster.nodes[0].count=5`. */
export function settingsText(settings: readonly Pick<Setting, 'field' | 'value'>[]): string {
  return settings.map(({ field, value }) => `${field}=${valueText(value)}`).join(', ')
}

/** Whether one path is the other, or leads to it. */
export function isWithin(inner: Path, outer: Path): boolean {
  return outer.every((step, index) => inner[index] === step)
}

/** Places in a scenario with settings made: a value that was set is shown where the sweep has it, all the rest where it always stood. */
export class SettingPlaces implements Places {
  readonly #scenario: Places
  readonly #settings: readonly Setting[]

  constructor(scenario: Places, settings: readonly Setting[]) {
    this.#scenario = scenario
    this.#settings = settings
  }

  place(path: Path, part?: PlacePart): Place {
    const { places, rest } = this.#at(path)
    return places.place(rest, part)
  }

  placeInText(path: Path, part: Complaint['part']): Place {
    const { places, rest } = this.#at(path)
    return places.placeInText(rest, part)
  }

  #at(path: Path): { readonly places: Places; readonly rest: Path } {
    const setting = this.#settings.findLast(({ target }) => isWithin(path, target))
    return setting === undefined
      ? { places: this.#scenario, rest: path }
      : { places: setting.places, rest: path.slice(setting.target.length) }
  }
}
