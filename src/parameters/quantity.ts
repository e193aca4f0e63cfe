import type { DistributionSpec } from '../engine/distributions.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import type { LinuxVersion } from '../linux-version.ts'
import { formatDistribution } from '../scenario/parse-distribution.ts'
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from '../units.ts'

/** A value with its unit. What is no number (a distribution, a choice, a table of points) is a text, without a unit. */
export interface Quantity {
  readonly value: number | string | boolean
  /** `ns`, `us`, `ms`, `s`, `1/s`, `bytes`, `%`, `pods`, …; '' for a plain number or a text. */
  readonly unit: string
}

export function of(value: number | string | boolean, unit = ''): Quantity {
  return { value, unit }
}

/** A length of time in the largest of s, ms, us and ns in which it is at least 1. */
export function time(nanos: Nanos): Quantity {
  if (nanos >= SECOND || nanos === 0) return of(nanos / SECOND, 's')
  if (nanos >= MILLISECOND) return of(nanos / MILLISECOND, 'ms')
  if (nanos >= MICROSECOND) return of(nanos / MICROSECOND, 'us')
  return of(nanos, 'ns')
}

/** Lengths of time, one after the other, in seconds. */
export function times(list: readonly Nanos[]): Quantity {
  return of(list.map((nanos) => nanos / SECOND).join(' '), 's')
}

/** What is drawn: the distribution in the notation of scenarios. */
export function drawn(spec: DistributionSpec): Quantity {
  return of(formatDistribution(spec))
}

/** A version of Kubernetes. */
export function minor(version: KubernetesMinor | number): Quantity {
  return of(`1.${version}`)
}

/** A version of Linux. */
export function linux(version: LinuxVersion): Quantity {
  return of(`${Math.floor(version / 1000)}.${version % 1000}`)
}

/** Points of a measured curve: `x:y x:y …`. */
export function points(table: readonly (readonly [number, number])[], unit: string): Quantity {
  return of(table.map(([x, y]) => `${x}:${y}`).join(' '), unit)
}
