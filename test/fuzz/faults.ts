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
