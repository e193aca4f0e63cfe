import type { Pod } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import { SECOND } from '../../units.ts'
import { ApiError } from '../api-error.ts'
import type { ApiResponse } from '../api-server.ts'
import { isTerminal } from '../conditions.ts'
import { isMirror } from '../mirror-pod.ts'
import { keyOf, objectKey } from '../object-key.ts'
import { controllerOf } from '../owner-index.ts'
import { setUnschedulable } from './cordon.ts'
import type { Session, VerbRunner } from './session.ts'

export interface DrainCommand {
  readonly verb: 'drain'
  readonly node: string
  readonly ignoreDaemonSets: boolean
  /** Also pods that no controller will make anew. */
  readonly force: boolean
  /** null: what each pod asks for. */
  readonly gracePeriodSeconds: number | null
  /** null: no limit. */
  readonly timeoutSeconds: number | null
}

/** Source: kubectl pkg/drain/drain.go (evictPods waits 5 s after a 429). */
export const RETRY_PERIOD = 5 * SECOND
/** Source: kubectl pkg/drain/default.go, waitForDelete polls every second. */
export const GONE_PERIOD = SECOND

/**
 * Cordons the node, evicts its pods all at once, and waits until they are gone.
 *
 * An eviction that a disruption budget forbids is tried again every 5 s. Pods of DaemonSets are left (and, unless told to ignore them,
 * stop the drain before anything is evicted), as do pods that no controller manages unless forced. Where kubectl cannot ask whether a pod is gone,
 * it gives that pod up and waits for the others.
 *
 * Source: kubectl pkg/drain/{drain,filters}.go.
 */
export const drain: VerbRunner<DrainCommand> = {
  subject: ({ node }) => objectKey('Node', '', node),
  *run(command, session) {
    const { access, client } = session
    const key = objectKey('Node', '', command.node)
    const started = access.sim.now
    if (!(yield* setUnschedulable(session, command.node, true))) return
    if (!(yield* session.mayRead('Pod', '', ''))) return
    const onNode = (yield* client.list('Pod', null)).filter((pod) => pod.spec.nodeName === command.node && !isMirror(pod))
    const refused = reasonsAgainst(onNode, command)
    if (refused.length > 0) {
      session.failed(key, refused.join('; '))
      return
    }
    const deadline = command.timeoutSeconds === null ? Number.POSITIVE_INFINITY : started + command.timeoutSeconds * SECOND
    const pods = onNode.filter((pod) => controllerOf(pod.metadata)?.kind !== 'DaemonSet')
    const evictions = pods.map((pod) => access.sim.spawn(evict(pod, command, deadline, session)))
    let evicted = 0
    for (const eviction of evictions) if (yield eviction) evicted++
    if (evicted === pods.length) session.said(key, `drained: ${evicted} pods evicted`)
    else session.failed(key, `drained only in part: ${evicted} of ${pods.length} pods evicted`)
  },
}

function reasonsAgainst(pods: readonly Pod[], { ignoreDaemonSets, force }: DrainCommand): string[] {
  const reasons: string[] = []
  const names = (list: readonly Pod[]): string => list.map((pod) => `${pod.metadata.namespace}/${pod.metadata.name}`).join(', ')
  const daemons = pods.filter((pod) => controllerOf(pod.metadata)?.kind === 'DaemonSet' && !isTerminal(pod))
  if (daemons.length > 0 && !ignoreDaemonSets)
    reasons.push(`cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): ${names(daemons)}`)
  const bare = pods.filter((pod) => controllerOf(pod.metadata) === undefined && !isTerminal(pod))
  if (bare.length > 0 && !force) reasons.push(`cannot delete Pods that no controller manages (use --force to override): ${names(bare)}`)
  return reasons
}

/** Evicts one pod and waits until it is gone; true when it is. */
function* evict(pod: Pod, command: DrainCommand, deadline: number, session: Session): Generator<Wait, boolean, unknown> {
  const { access, client } = session
  const { sim } = access
  const { namespace, name } = pod.metadata
  const key = keyOf(pod)
  let cause = session.cause
  for (let attempt = 1; ; attempt++) {
    const why = attempt === 1 ? `drain of ${command.node}` : `drain of ${command.node}, attempt ${attempt}`
    const response: ApiResponse = yield* client.evict(namespace, name, command.gracePeriodSeconds, { cause, why })
    if (response.code === 404) return true
    if (response.code === 200) break
    if (response.code !== 429) return session.told(response, key)
    cause = session.said(key, `429 ${response.message}: tried again in 5 s`)
    if (sim.now + RETRY_PERIOD > deadline) {
      session.failed(key, `the eviction was not granted within ${command.timeoutSeconds} s: ${response.message}`)
      return false
    }
    yield sim.delay(RETRY_PERIOD)
  }
  try {
    for (;;) {
      const live = yield* client.get('Pod', namespace, name)
      if (live === undefined || live.metadata.uid !== pod.metadata.uid) return true
      if (sim.now + GONE_PERIOD > deadline) {
        session.failed(key, `the pod was not gone within ${command.timeoutSeconds} s`)
        return false
      }
      yield sim.delay(GONE_PERIOD)
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    session.failed(key, `error when waiting for the pod to terminate: ${error.reason}`)
    return false
  }
}
