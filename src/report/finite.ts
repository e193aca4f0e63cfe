import { invariant } from '../invariant.ts'

/** JSON and CSV have no word for an infinite or undefined number: none may get this far. A replacer for `JSON.stringify`. */
export function finite(_key: string, value: unknown): unknown {
  invariant(typeof value !== 'number' || Number.isFinite(value), 'every number of a result is finite')
  return value
}
