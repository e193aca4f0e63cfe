/** The value that a share `q` of the ascending values does not exceed; null without values. */
export function quantileOf(ascending: readonly number[], q: number): number | null {
  return ascending.length === 0 ? null : ascending[Math.max(0, Math.ceil(q * ascending.length) - 1)]!
}
