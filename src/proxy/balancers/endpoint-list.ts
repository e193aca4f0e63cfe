import { invariant } from '../../invariant.ts'

/** Endpoints in order of addition, each at a position in parallel lists that its owner keeps beside. */
export class EndpointList {
  readonly endpoints: number[] = []
  readonly #positions = new Map<number, number>()

  get length(): number {
    return this.endpoints.length
  }

  add(endpoint: number): void {
    invariant(!this.#positions.has(endpoint), 'An endpoint is added once')
    this.#positions.set(endpoint, this.endpoints.push(endpoint) - 1)
  }

  /** Gives the position it had; everything behind moves up by one. */
  remove(endpoint: number): number {
    const position = this.#positions.get(endpoint)
    invariant(position !== undefined, 'Only an endpoint that was added can be removed')
    this.endpoints.splice(position, 1)
    this.#positions.delete(endpoint)
    for (let behind = position; behind < this.endpoints.length; behind++) this.#positions.set(this.endpoints[behind]!, behind)
    return position
  }

  /** Undefined when it is not there (any more). */
  positionOf(endpoint: number): number | undefined {
    return this.#positions.get(endpoint)
  }

  /** Two different positions, every pair as likely; the same one twice when there is no other. The list must not be empty. */
  twoPositions(below: (n: number) => number): readonly [number, number] {
    const count = this.endpoints.length
    if (count === 1) return [0, 0]
    const first = below(count)
    const other = below(count - 1)
    return [first, other < first ? other : other + 1]
  }
}
