import type { Resources } from '../objects/pod.ts'
import { bytes, cpuMilli } from '../quantity.ts'

/** A list of resources as a manifest has it: CPU, memory and others, by name. `pods` is not a resource of containers. */
export function resources(list: Readonly<Record<string, number | string | null>>): Resources {
  const others: Record<string, number> = {}
  for (const name of Object.keys(list)) {
    if (name === 'cpu' || name === 'memory' || name === 'pods') continue
    const amount = bytes(String(list[name] ?? 0))
    if (amount !== 0) others[name] = amount
  }
  return {
    cpuMilli: cpuMilli(String(list.cpu ?? 0)),
    memoryBytes: bytes(String(list.memory ?? 0)),
    ...(Object.keys(others).length === 0 ? {} : { others }),
  }
}
