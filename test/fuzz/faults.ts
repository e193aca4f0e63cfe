import { Dice } from './dice.ts'
import { hasServers, type World } from './world.ts'

/** A fault that fits what is there, as flow YAML. Every one ends: what follows is judged once all have. */
export type RandomFault = (world: World) => string

/** Longer than that no fault lasts, in seconds. */
export const FAULT_SECONDS_MAX = 120

const length = ({ dice }: World): string => `for: ${dice.between(1, FAULT_SECONDS_MAX)}s`
const node = ({ dice, nodes }: World): string => dice.pick(nodes)
const server = ({ dice, apiServers }: World): string => dice.pick([`server: ${dice.between(1, apiServers)}`, 'server: random'])
const member = ({ dice, etcdMembers }: World): number => dice.between(1, etcdMembers)

/** Every fault that random scenarios use: one more is one line. */
export const FAULTS: readonly RandomFault[] = [
  (world) => `{ kind: node-crash, node: ${node(world)}, ${length(world)} }`,
  (world) => `{ kind: kubelet-crash, node: ${node(world)}, ${length(world)} }`,
  (world) => `{ kind: ${world.dice.pick(['container-crash', 'oom-kill'])}, pods: ${hasServers(world) ? 'fuzz=yes' : 'batch=yes'} }`,
  (world) => `{ kind: node-reboot, node: ${node(world)}, shutdown: ${world.dice.pick(['graceful', 'hard'])}, ${length(world)} }`,
  (world) => `{ kind: disk-slow, node: ${node(world)}, factor: ${world.dice.pick([2, 10, 100])}, ${length(world)} }`,
  (world) =>
    `{ kind: clock-skew, node: ${node(world)}, offset: "${world.dice.pick(['+', '-'])}${world.dice.between(1, 120)}s", ${length(world)} }`,
  (world) => `{ kind: pod-kill, pods: ${hasServers(world) ? 'fuzz=yes' : 'batch=yes'}, mode: ${world.dice.pick(['all', 'one'])} }`,
  (world) => `{ kind: etcd-member-crash, member: ${member(world)}, ${length(world)} }`,
  (world) => `{ kind: etcd-partition, member: ${member(world)}, ${length(world)} }`,
  (world) => `{ kind: etcd-slow-disk, member: ${member(world)}, factor: ${world.dice.pick([3, 100, 2000])}, ${length(world)} }`,
  (world) => `{ kind: controller-manager-crash, ${length(world)} }`,
  (world) => `{ kind: scheduler-crash, ${length(world)} }`,
  (world) => `{ kind: kube-proxy-crash, node: ${node(world)}, ${length(world)} }`,
  (world) => `{ kind: api-server-crash, ${server(world)}, ${length(world)} }`,
]

/** Faults that choose whom they strike, and when. */
const CHOOSING: readonly RandomFault[] = [
  (world) => `{ kind: ${world.dice.pick(['node-crash', 'kubelet-crash', 'kube-proxy-crash'])}, node: ${victims(world)}, ${length(world)} }`,
  (world) => `{ kind: node-reboot, node: ${victims(world)}, shutdown: ${world.dice.pick(['graceful', 'hard'])}, ${length(world)} }`,
  (world) => `{ kind: pod-kill, pods: ${hasServers(world) ? 'fuzz=yes' : 'batch=yes'}, mode: ${howMany(world)} }`,
  (world) => `{ kind: container-crash, pods: ${hasServers(world) ? 'fuzz=yes' : 'batch=yes'}, mode: ${howMany(world)} }`,
  (world) =>
    `{ kind: pod-slow, pods: ${hasServers(world) ? 'fuzz=yes' : 'batch=yes'}, mode: ${howMany(world)}, factor: ${world.dice.pick([1.5, 10, 1000])}, ${length(world)} }`,
  (world) =>
    `{ kind: memory-leak, pods: ${hasServers(world) ? 'fuzz=yes' : 'batch=yes'}, mode: ${howMany(world)}, rate: ${world.dice.pick(['1Mi/s', '100Mi/s'])}, ${length(world)} }`,
]

const howMany = ({ dice }: World): string => dice.pick(['all', '1', '2', '30%', '100%'])
const victims = (world: World): string =>
  `{ ${world.dice.chance(0.5) ? `selector: "topology.kubernetes.io/zone=${world.dice.pick(['a', 'b', 'c'])}", ` : ''}count: ${howMany(world)} }`

/** Entries of the timeline with faults at random times, the last of which is before `stop` seconds. Their draws are their own. */
export function randomFaults(seed: string, world: World, stop: number): readonly string[] {
  const dice = new Dice(`${seed}/random-faults`)
  const own = { ...world, dice }
  if (!dice.chance(0.3)) return []
  return Array.from({ length: dice.between(1, 2) }, () => {
    const times = dice.chance(0.7)
      ? `every: ${dice.pick(['exp(60s)', 'poisson(1/m)', '45s', '"uniform(0s, 2m)"'])}, from: ${dice.between(0, stop - 20)}s, until: ${stop}s`
      : `at: ${dice.between(1, stop)}s`
    return `{ ${times}, fault: ${dice.pick(CHOOSING)(own)}, optional: ${dice.chance(0.5)} }`
  })
}
