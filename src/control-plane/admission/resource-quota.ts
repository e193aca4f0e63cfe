import type { AnyObject, ResourceQuota } from '../../api/objects/index.ts'
import { Completion, type Wait } from '../../engine/process.ts'
import type { Simulation } from '../../engine/simulation.ts'
import type { HopId } from '../../engine/trace.ts'
import type { ApiServer } from '../api-server.ts'
import { API_SERVER } from '../identity.ts'
import { keyOf } from '../object-key.ts'
import type { AdmissionCaches } from './caches.ts'
import { checkQuotas } from './quota-check.ts'

/** How often the status is written again when somebody else has changed it. Source: resourcequota/controller.go (checkQuotas, retries). */
export const RETRIES = 3

export interface QuotaRefusal {
  readonly ok: false
  readonly code: number
  readonly message: string
}

interface Waiter {
  readonly object: AnyObject
  readonly cause: HopId
  readonly answer: Completion<QuotaRefusal | null>
  refusal: QuotaRefusal | null
}

/**
 * The last admission plugin: counts a new object in with the quotas of its namespace before it is stored, by writing their status.
 *
 * All objects of one namespace that wait at the same time are counted in with one write. The status is compared by revision: when somebody
 * else has changed it, the count is made again. What is counted in stays so even if the object is not stored in the end; the resource quota
 * controller puts that right. That only ten namespaces are worked on at a time is not modelled.
 *
 * Source: Kubernetes apiserver/pkg/admission/plugin/resourcequota/{controller,resource_access}.go.
 */
export class QuotaEvaluator {
  readonly #sim: Simulation
  readonly #server: ApiServer
  readonly #caches: AdmissionCaches
  readonly #waiting = new Map<string, Waiter[]>()
  readonly #busy = new Set<string>()
  /** What this server has written itself and its informer may not show yet. */
  readonly #written = new Map<string, ResourceQuota>()

  constructor(sim: Simulation, server: ApiServer, caches: AdmissionCaches) {
    this.#sim = sim
    this.#server = server
    this.#caches = caches
  }

  /** null when there is room for the object, which is then counted in. */
  *charge(object: AnyObject, cause: HopId): Generator<Wait, QuotaRefusal | null, unknown> {
    const { namespace } = object.metadata
    if (namespace === '' || object.kind === 'Event' || this.#caches.quotas(namespace).length === 0) return null
    const answer = new Completion<QuotaRefusal | null>(this.#sim)
    const waiter: Waiter = { object, cause, answer, refusal: null }
    const waiting = this.#waiting.get(namespace)
    if (waiting === undefined) this.#waiting.set(namespace, [waiter])
    else waiting.push(waiter)
    if (!this.#busy.has(namespace)) {
      this.#busy.add(namespace)
      this.#sim.spawn(this.#work(namespace))
    }
    return (yield answer) as QuotaRefusal | null
  }

  *#work(namespace: string): Generator<Wait, void, unknown> {
    for (;;) {
      const waiters = this.#waiting.get(namespace)
      if (waiters === undefined) break
      this.#waiting.delete(namespace)
      yield* this.#check(this.#quotas(namespace), waiters, RETRIES)
      for (const { answer, refusal } of waiters) answer.resolve(refusal)
    }
    this.#busy.delete(namespace)
  }

  /** The newest form that this server knows of each. */
  #quotas(namespace: string): ResourceQuota[] {
    return this.#caches.quotas(namespace).map((quota) => {
      const written = this.#written.get(keyOf(quota))
      const isNewer = written !== undefined && written.metadata.resourceVersion > quota.metadata.resourceVersion
      return isNewer && written.metadata.uid === quota.metadata.uid ? written : quota
    })
  }

  *#check(original: readonly ResourceQuota[], waiters: readonly Waiter[], retries: number): Generator<Wait, void, unknown> {
    let quotas = original
    const counted: Waiter[] = []
    for (const waiter of waiters) {
      const check = checkQuotas(quotas, waiter.object)
      if (!check.ok) {
        waiter.refusal = { ok: false, code: 403, message: check.message }
        continue
      }
      if (check.quotas.every((quota, i) => quota === quotas[i])) continue
      quotas = check.quotas
      counted.push(waiter)
    }
    if (counted.length === 0) return
    const failed: ResourceQuota[] = []
    let refusal: QuotaRefusal | null = null
    for (const [i, quota] of quotas.entries()) {
      if (quota === original[i]) continue
      const reason = yield* this.#write(quota, counted[0]!.cause)
      if (reason === null) continue
      failed.push(quota)
      refusal = reason
    }
    if (refusal === null) return
    if (retries === 0) {
      for (const waiter of counted) waiter.refusal = refusal
      return
    }
    // Only what could not be written is counted again; the other quotas have it already.
    const again = this.#quotas(quotas[0]!.metadata.namespace).filter((quota) => failed.some((each) => keyOf(each) === keyOf(quota)))
    yield* this.#check(again, counted, retries - 1)
  }

  *#write(quota: ResourceQuota, cause: HopId): Generator<Wait, QuotaRefusal | null, unknown> {
    const { namespace, name, resourceVersion } = quota.metadata
    const response = yield* this.#server.write({
      identity: API_SERVER,
      verb: 'update',
      kind: 'ResourceQuota',
      namespace,
      name,
      subresource: 'status',
      cause,
      change: (current) => ({ ...(current as ResourceQuota), status: quota.status }),
      expected: resourceVersion,
      quiet: false,
    })
    if (response.code === 200) {
      this.#written.set(keyOf(quota), response.object as ResourceQuota)
      return null
    }
    if (response.code !== 409) return { ok: false, code: response.code, message: response.message }
    const message = `Operation cannot be fulfilled on resourcequotas "${name}": the object has been modified; please apply your changes to the latest version and try again`
    return { ok: false, code: 409, message }
  }
}
