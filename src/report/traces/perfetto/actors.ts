/** What a process in the viewer is. Lower sorts higher. */
interface Place {
  readonly process: string
  readonly order: number
}

/** By the part of an actor's name before the slash: what comes first for a reader, from the command to the node. */
const ORDER = [
  'timeline',
  'kubectl',
  'fault',
  'kube-apiserver',
  'etcd',
  'kube-controller-manager',
  'controllers',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
] as const

/** So many of a kind at most, such as kubelets. */
const INSTANCES = 100_000

/** The controllers run in one process, each as a thread of its own. */
const CONTROLLERS = /-controller$|^horizontal-pod-autoscaler$|^garbage-collector$/

/** The process and the thread of an actor of a hop, such as `kubelet/worker-3`. */
export function placeOf(actor: string): Place & { readonly thread: string } {
  const [kind = '', instance] = actor.split('/')
  if (instance === undefined && CONTROLLERS.test(kind))
    return { process: 'kube-controller-manager', order: ORDER.indexOf('controllers') * INSTANCES, thread: kind }
  const at = (ORDER as readonly string[]).indexOf(kind)
  // worker-2 stands before worker-10.
  const node = Number(/\d{1,5}$/.exec(instance ?? '')?.[0] ?? 0)
  return { process: actor, order: (at < 0 ? ORDER.length : at) * INSTANCES + node, thread: 'work' }
}

/** Traffic and its requests come after all of these. */
export const ORDER_OF_TRAFFIC: number = (ORDER.length + 1) * INSTANCES
