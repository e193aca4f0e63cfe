import type { CellInput } from '../experiment/cell.ts'
import type { ScenarioWarning } from '../scenario/load-context.ts'
import type { Scenario as CheckedScenario } from '../scenario/scenario.ts'
import type { FieldChange } from '../scenario/variants.ts'

/** A variant as it is run. */
export interface CheckedVariant {
  readonly name: string
  readonly scenario: CheckedScenario
  /** What its `compare` block changes. */
  readonly changes: readonly FieldChange[]
}

/**
 * A scenario that has been read and checked to the end: nothing that is run can be wrong any more.
 *
 * Comes from {@link loadScenario}, {@link parseScenario} or {@link defineScenario}. It does not change; a scenario with other values is another one.
 */
export class Scenario {
  readonly name: string
  /** What all random numbers grow from, unless a run is given another one. */
  readonly seed: string
  /** Those of its `compare` block in file order; without one a single variant with the name of its kube-proxy mode. One or more. */
  readonly variants: readonly string[]
  /** What is worth knowing and stops no run, such as a field of a manifest that the model does not know. */
  readonly warnings: readonly ScenarioWarning[]
  /** `sha256:` and 64 hexadecimal digits, over the texts of the scenario and of the files that it names, wherever they are kept. */
  readonly inputHash: string
  readonly #variants: readonly CheckedVariant[]
  readonly #input: CellInput

  /** @internal */
  constructor(options: {
    readonly variants: readonly CheckedVariant[]
    readonly input: CellInput
    readonly inputHash: string
    readonly warnings: readonly ScenarioWarning[]
  }) {
    const { name, seed } = options.variants[0]!.scenario
    this.name = name
    this.seed = seed
    this.variants = options.variants.map((variant) => variant.name)
    this.warnings = options.warnings
    this.inputHash = options.inputHash
    this.#variants = options.variants
    this.#input = options.input
  }

  /** @internal What is read again for runs in other threads. */
  get input(): CellInput {
    return this.#input
  }

  /** @internal The variant of that name; the only one when there is no name. */
  checked(name: string | undefined): CheckedVariant {
    const known = this.variants.join(', ')
    if (name === undefined) {
      if (this.#variants.length === 1) return this.#variants[0]!
      throw new RangeError(`The scenario "${this.name}" has several variants: say which one, with the option variant: one of ${known}`)
    }
    const found = this.#variants.find((variant) => variant.name === name)
    if (found === undefined) throw new RangeError(`The scenario "${this.name}" has no variant "${name}": expected one of ${known}`)
    return found
  }
}
