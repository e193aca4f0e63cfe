import type { Gateway, GatewayClass, HTTPRoute } from '../../api/objects/index.ts'
import { type ApiAccess, ApiClient } from '../../control-plane/api-client.ts'
import { keyOf } from '../../control-plane/object-key.ts'
import type { Wait } from '../../engine/process.ts'
import { NO_CAUSE } from '../../engine/trace.ts'
import { type Nanos, SECOND } from '../../units.ts'

/** *Assumption*: there a back-off that doubles. */
export const RETRY: Nanos = 5 * SECOND

type Written = GatewayClass | Gateway | HTTPRoute

/** A status that differs from the one that an object is known to have. */
export interface StatusWrite {
  readonly object: Written
  readonly status: Written['status']
  readonly why: string
}

/**
 * Writes statuses, one after the other. A write that is on its way is not made again, and one that meets a changed object (409) is left to the
 * next sync. The pods may do so: their installation has given them the right (*assumption*).
 */
export class StatusWriter {
  readonly #access: ApiAccess
  readonly #actor: string
  readonly #pod: string
  /** Made with the first write: whoever writes nothing has no connection for it. */
  #client: ApiClient | null = null
  readonly #writing = new Map<string, string>()
  #stopped = false

  constructor(access: ApiAccess, actor: string, pod: string) {
    this.#access = access
    this.#actor = actor
    this.#pod = pod
  }

  stop(): void {
    this.#stopped = true
  }

  #newClient(): ApiClient {
    const [namespace, name] = this.#pod.split('/') as [string, string]
    return new ApiClient(this.#access, {
      actor: this.#actor,
      identity: {
        user: `system:serviceaccount:${namespace}:${name}`,
        groups: ['system:masters', 'system:authenticated'],
        credential: 'service account token',
      },
      // Source: sigs.k8s.io/controller-runtime pkg/client/config, 20 requests a second, burst 30.
      limit: { qps: 20, burst: 30 },
      network: 'nodeNetwork',
      retries: 'caller',
    })
  }

  /** `again` is called later when a write had no answer. */
  write(writes: readonly StatusWrite[], again: () => void): void {
    const fresh = writes.filter(({ object, status }) => this.#writing.get(keyOf(object)) !== JSON.stringify(status))
    for (const { object, status } of fresh) this.#writing.set(keyOf(object), JSON.stringify(status))
    if (fresh.length > 0) this.#access.sim.spawn(this.#writeAll(fresh, again))
  }

  *#writeAll(writes: readonly StatusWrite[], again: () => void): Generator<Wait, void, unknown> {
    this.#client ??= this.#newClient()
    let isMissing = false
    for (const { object, status, why } of writes) {
      if (!this.#stopped) {
        const { code } = yield* this.#client.update({ ...object, status } as Written, { cause: NO_CAUSE, why, subresource: 'status' })
        isMissing ||= code !== 200 && code !== 404 && code !== 409
      }
      this.#writing.delete(keyOf(object))
    }
    if (isMissing && !this.#stopped) this.#access.sim.after(RETRY, () => (this.#stopped ? undefined : again()))
  }
}
