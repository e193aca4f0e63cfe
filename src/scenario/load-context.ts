import { type LabelSelector, parseSelector } from '../api/labels.ts'
import type { SourceProblem, SourceWarning } from '../api/source-problem.ts'
import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'
import type { Inventory } from './load-inventory.ts'
import { parseDuration } from './parse-duration.ts'
import type { Complaint, Parsed } from './parse-result.ts'
import { type Path, type Place, type PlacePart, pathText } from './parse-yaml.ts'

/** Where in a file the values of a scenario stand. */
export interface Places {
  place(path: Path, part?: PlacePart): Place
  placeInText(path: Path, part: Complaint['part']): Place
}

/**
 * Something worth knowing that does not stop the run. `assumed`: a default stands in for what the user has not said. `no-effect`: something is
 * written that changes nothing. `unreachable`: requests will fail as long as nothing else happens.
 */
export interface ScenarioWarning extends Omit<SourceWarning, 'kind'> {
  readonly kind: SourceWarning['kind'] | 'assumed' | 'no-effect' | 'unreachable'
}

/** What is wrong or worth knowing, collected while a scenario is being read. Reading goes on after a mistake. */
export class LoadContext {
  readonly places: Places
  readonly inventory: Inventory
  readonly problems: SourceProblem[] = []
  readonly warnings: ScenarioWarning[] = []

  constructor(places: Places, inventory: Inventory) {
    this.places = places
    this.inventory = inventory
  }

  /** Reports a mistake about the value at `path`, or about a part of its text. */
  report(path: Path, complaint: Complaint): void {
    const { message, accepted, didYouMean } = complaint
    this.problems.push({ ...this.places.placeInText(path, complaint.part), path: pathText(path), message, accepted, didYouMean })
  }

  /** As {@link report}, in short. */
  mistake(path: Path, message: string, accepted: string | null = null, didYouMean: string | null = null): void {
    this.report(path, { message, accepted, didYouMean, part: null })
  }

  warn(path: Path, kind: ScenarioWarning['kind'], message: string): void {
    const { file, line } = this.places.place(path)
    this.warnings.push({ file, line, message, kind })
  }

  /** The value of a text, or undefined after reporting why there is none. A text that is absent or was misformed is passed over in silence. */
  read<T>(path: Path, text: string | undefined, parse: (text: string) => Parsed<T>): T | undefined {
    if (text === undefined) return undefined
    const result = parse(text)
    if (result.ok) return result.value
    this.report(path, result.complaint)
    return undefined
  }

  duration(path: Path, text: string | undefined): Nanos | undefined {
    return this.read(path, text, parseDuration)
  }

  selector(path: Path, text: string | undefined): LabelSelector | undefined {
    if (text === undefined) return undefined
    const result = parseSelector(text)
    if (result.ok) return result.selector
    this.mistake(path, `Cannot read "${text}" as a label selector: ${result.message}`, 'for example app=frontend, or tier in (web, api)')
    return undefined
  }
}

/** The value of a text of our own, such as a default. */
export function certain<T>(result: Parsed<T>): T {
  invariant(result.ok, 'a text of our own cannot be read')
  return result.value
}
