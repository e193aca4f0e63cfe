import { type Nanos, SECOND } from '../../../src/units.ts'
import type { Invariant } from '../invariant.ts'

/** What was at a server, or on its way there, as its node came to stand still, is told of for so long. */
const AT_A_SERVER = 20 * SECOND

/** Nothing that runs on a node happens while it stands still: none of its programs is told of, and none of its pods takes anything. */
export const stillNodesDoNothing: Invariant = {
  name: 'a node that stands still does nothing',
  attach: (cluster, violated) => {
    const { trace, dataPlane, nodeNames, sim } = cluster
    const since = new Map<string, Nanos>()
    const freezeNode = dataPlane.freezeNode.bind(dataPlane)
    dataPlane.freezeNode = (node, until) => {
      since.set(nodeNames[node]!, sim.now)
      freezeNode(node, until)
    }
    for (const end of ['thawNode', 'crashNode'] as const) {
      const then = dataPlane[end].bind(dataPlane)
      dataPlane[end] = (node) => {
        since.delete(nodeNames[node]!)
        then(node)
      }
    }
    const record = trace.record.bind(trace)
    trace.record = (hop) => {
      const [program, node] = hop.actor.split('/')
      const from = node !== undefined && /^(kubelet|kube-proxy|network-plugin)$/.test(program!) ? since.get(node) : undefined
      if (from !== undefined && sim.now > from + AT_A_SERVER) violated(`${hop.actor} ${hop.action} ${hop.subject}`)
      return record(hop)
    }
    const { backends } = dataPlane
    const watch = (what: string, pod: number): void => {
      const node = nodeNames[backends.nodeOf(pod)]!
      if (since.has(node)) violated(`a pod of ${node} ${what}`)
    }
    const { accept, enter, shakeHands, listen } = backends
    backends.accept = (pod) => {
      watch('accepted a connection', pod)
      accept.call(backends, pod)
    }
    backends.enter = (pod, request) => {
      watch('took a request', pod)
      return enter.call(backends, pod, request)
    }
    backends.shakeHands = (pod, request) => {
      watch('shook hands', pod)
      return shakeHands.call(backends, pod, request)
    }
    backends.listen = (pod) => {
      watch('began to listen', pod)
      listen.call(backends, pod)
    }
    return () => {}
  },
}
