import { anyOf, type World } from './world.ts'

/** A kubectl command that fits what is there, or null. */
export type RandomVerb = (world: World) => string | null

/** Every verb that random scenarios use: one more is one line. */
export const VERBS: readonly RandomVerb[] = [
  (world) => {
    const workload = anyOf(world, ['Deployment'])
    return workload && `scale deployment/${workload.name} --replicas=${world.dice.between(0, 8)}`
  },
  (world) => {
    const workload = anyOf(world, ['Deployment'])
    return workload && `set image deployment/${workload.name} server=example/${workload.name}:v${++world.images}`
  },
  (world) => {
    const workload = world.dice.chance(0.2) ? anyOf(world, ['Deployment']) : null
    if (workload === null) return null
    workload.deleted = true
    return `delete deployment/${workload.name}`
  },
  (world) => {
    const workload = world.dice.chance(0.2) ? world.dice.pick(world.workloads) : null
    return workload && `delete service/${workload.name}`
  },
]
