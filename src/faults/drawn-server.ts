import type { FaultTarget } from './fault.ts'

/** One of the API servers that are up; null when none is. */
export function drawnServer(uniform: number, { count, isUp }: FaultTarget['apiServers']): number | null {
  const up = Array.from({ length: count }, (_, id) => id).filter(isUp)
  return up.length === 0 ? null : up[Math.floor(uniform * up.length)]!
}
