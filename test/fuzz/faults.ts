import type { World } from './world.ts'

/** A fault that fits what is there, as flow YAML, or null. Every one ends: what follows is judged once all have. */
export type RandomFault = (world: World) => string | null

/** Longer than that no fault lasts, in seconds. */
export const FAULT_SECONDS_MAX = 120

/** Every fault that random scenarios use: one more is one line. */
export const FAULTS: readonly RandomFault[] = [
  ({ dice, nodes }) => `{ kind: node-crash, node: ${dice.pick(nodes)}, for: ${dice.between(1, FAULT_SECONDS_MAX)}s }`,
]
