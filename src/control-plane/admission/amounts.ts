import type { Pod, Resources } from '../../api/objects/index.ts'
import { type Quantity, quantityOf } from '../../api/quantity.ts'
import { podLimits, podRequests, type Requests } from '../scheduler/pod-resources.ts'

const NANOS_PER_MILLI = 1_000_000n
const NANOS_PER_UNIT = 1_000_000_000n

/** Amounts by resource name, those that are not 0. In which suffixes they were once written is not known: bytes are told in Ki, Mi, Gi. */
export function amountsOf({ cpuMilli, memoryBytes, others }: Resources): Map<string, Quantity> {
  return amounts(cpuMilli, memoryBytes, Object.entries(others ?? {}))
}

/** What all containers of a pod ask for together, and how far they may go. */
export function podAmounts(pod: Pod): { readonly requests: Map<string, Quantity>; readonly limits: Map<string, Quantity> } {
  return { requests: sumOf(podRequests(pod)), limits: sumOf(podLimits(pod)) }
}

function sumOf({ cpuMilli, memoryBytes, others }: Requests): Map<string, Quantity> {
  return amounts(cpuMilli, memoryBytes, others)
}

function amounts(cpuMilli: number, memoryBytes: number, others: Iterable<readonly [string, number]>): Map<string, Quantity> {
  const result = new Map<string, Quantity>()
  if (cpuMilli !== 0) result.set('cpu', quantityOf(BigInt(cpuMilli) * NANOS_PER_MILLI, 'DecimalSI'))
  if (memoryBytes !== 0) result.set('memory', quantityOf(BigInt(memoryBytes) * NANOS_PER_UNIT, 'BinarySI'))
  for (const [name, amount] of others) {
    const isBytes = name === 'ephemeral-storage' || name.startsWith('hugepages-')
    if (amount !== 0) result.set(name, quantityOf(BigInt(amount) * NANOS_PER_UNIT, isBytes ? 'BinarySI' : 'DecimalSI'))
  }
  return result
}

/** A number of things. */
export function count(things: number): Quantity {
  return quantityOf(BigInt(things) * NANOS_PER_UNIT, 'DecimalSI')
}
