/** A broken invariant: our own bug, never the user's input. It is not caught anywhere but at the edge, which exits with code 70. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/**
 * States what must hold. Always on, also in release.
 *
 * Throws {@link InvariantError} when `condition` is false.
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}
