/** The natural logarithm: it gives the same bits on Node 18 to 24, as `Math.pow` does not. */
export function log(x: number): number {
  return Math.log(x)
}

/** The square root, which IEEE 754 rounds correctly: the same bits everywhere. */
export function sqrt(x: number): number {
  return Math.sqrt(x)
}
