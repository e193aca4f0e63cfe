import { anyOf, named, type WorkloadKind, type World } from './world.ts'

/** A kubectl command, so many seconds after the first one of its verb. */
interface Command {
  readonly after: number
  readonly text: string
}

/** kubectl commands that fit what is there; none when nothing does. What they leave behind lets the cluster come to rest. */
export type RandomVerb = (world: World) => readonly Command[]

/** Every verb that random scenarios use: one more is one line. */
export const VERBS: readonly RandomVerb[] = [
  (world) => STRANGER(world),
  autoscale,
  about(['Deployment', 'StatefulSet'], (it, { dice }) => `scale ${it} --replicas=${dice.between(0, 8)}`),
  about(['Deployment', 'StatefulSet', 'DaemonSet'], (it, world) => `set image ${it} server=example/app:v${++world.images}`),
  about(['Deployment', 'StatefulSet', 'DaemonSet'], (it) => `rollout restart ${it}`),
  about(
    ['Deployment', 'StatefulSet'],
    (it, { dice }) => `patch ${it} -p '{"spec":{"replicas":${dice.between(0, 8)}}}' --type=${dice.pick(['merge', 'strategic'])}`,
  ),
  about(
    ['Deployment', 'StatefulSet', 'DaemonSet'],
    (it, world) =>
      `patch ${it} -p '{"spec":{"template":{"spec":{"containers":[{"name":"server","image":"example/app:v${++world.images}"}]}}}}'`,
  ),
  about(
    ['Deployment'],
    (it, { dice }) => `patch ${it} --type=json -p '[{"op":"replace","path":"/spec/minReadySeconds","value":${dice.between(0, 10)}}]'`,
  ),
  about(['Deployment'], (it) => `rollout undo ${it}`),
  (world) => {
    const workload = anyOf(world, ['StatefulSet'])
    if (workload === null) return []
    const pod = `pod/${workload.name}-0`
    return [
      { after: 0, text: `label ${pod} app-` },
      { after: world.dice.between(1, 60), text: `label ${pod} app=${workload.name} --overwrite` },
      // Once more when every fault is over: a pod without the label keeps its name from being used, so its StatefulSet would wait for ever.
      { after: 300, text: `label ${pod} app=${workload.name} --overwrite` },
    ]
  },
  about(['Deployment', 'StatefulSet', 'DaemonSet', 'Job'], (it, { dice }) => `label ${it} round=r${dice.between(1, 9)} --overwrite`),
  about(['Deployment', 'StatefulSet', 'DaemonSet', 'Job'], (it, { dice }) => `annotate ${it} note=n${dice.between(1, 9)} --overwrite`),
  (world) => {
    const workload = anyOf(world, ['Deployment'])
    if (workload === null) return []
    return [
      { after: 0, text: `rollout pause ${named(workload)}` },
      { after: world.dice.between(1, 60), text: `rollout resume ${named(workload)}` },
    ]
  },
  ({ dice, nodes }) => {
    const node = dice.pick(nodes)
    const begin = dice.pick([`cordon ${node}`, `drain ${node} --ignore-daemonsets --force --timeout=60s`])
    return [
      { after: 0, text: begin },
      { after: dice.between(61, 90), text: `uncordon ${node}` },
    ]
  },
  ({ dice, nodes }) => {
    const node = dice.pick(nodes)
    const effect = dice.pick(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
    return [
      { after: 0, text: `taint nodes ${node} fuzz=yes:${effect}` },
      { after: dice.between(1, 60), text: `taint nodes ${node} fuzz-` },
    ]
  },
  (world) => {
    const workload = world.dice.chance(0.2) ? anyOf(world, ['Deployment', 'StatefulSet', 'DaemonSet', 'Job']) : null
    if (workload === null) return []
    workload.deleted = true
    return [{ after: 0, text: `delete ${named(workload)} --cascade=${world.dice.pick(['background', 'foreground', 'orphan'])}` }]
  },
  (world) => {
    const workload = world.dice.chance(0.2) ? world.dice.pick(world.workloads) : null
    return workload === null ? [] : [{ after: 0, text: `delete service/${workload.name}` }]
  },
]

/** Somebody without any role: every one of these is refused, and nothing comes of it. */
const STRANGER: RandomVerb = (world) => {
  const workload = anyOf(world, ['Deployment', 'StatefulSet'])
  if (workload === null) return []
  const text = world.dice.pick([`scale ${named(workload)} --replicas=0`, `delete ${named(workload)}`, `label ${named(workload)} a=b`])
  return [{ after: 0, text: `${text} --as ${world.dice.pick(['jane', 'system:serviceaccount:default:default'])}` }]
}

/** A target by memory lets the replicas stand still, which usage of CPU does too once the traffic has ended. */
function autoscale(world: World): readonly Command[] {
  const { dice } = world
  const workload = anyOf(world, ['Deployment', 'StatefulSet'])
  if (workload === null || workload.autoscaled) return []
  workload.autoscaled = true
  const min = dice.between(1, 3)
  const target = dice.pick(['--cpu=50%', '--cpu-percent=80', '--cpu=100m', '--memory=120%', '--memory=100Mi --cpu=70%'])
  return [{ after: 0, text: `autoscale ${named(workload)} --min=${min} --max=${min + dice.between(0, 4)} ${target}` }]
}

/** One command about a workload of one of these kinds. */
function about(kinds: readonly WorkloadKind[], text: (it: string, world: World) => string): RandomVerb {
  return (world) => {
    const workload = anyOf(world, kinds)
    return workload === null ? [] : [{ after: 0, text: text(named(workload), world) }]
  }
}
