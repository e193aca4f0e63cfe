import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { SECOND } from '../../units.ts'
import { conditionOf } from '../conditions.ts'
import type { Informer } from '../informer.ts'
import { keyOf } from '../object-key.ts'
import { wholeSecond } from '../wall-clock.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'
import { endingOf } from './job.ts'

/** Source: `--concurrent-ttl-after-finished-syncs`. */
export const WORKERS = 5

/**
 * The TTL-after-finished controller: deletes a Job `ttlSecondsAfterFinished` after its end. Its pods follow, as the garbage collector sees to.
 *
 * Source: Kubernetes pkg/controller/ttlafterfinished/ttlafterfinished_controller.go.
 */
export class TtlAfterFinishedController extends Controller {
  readonly #jobs: Informer<'Job'>

  constructor(manager: ControllerManager) {
    super(manager, { name: 'ttl-after-finished-controller', workers: WORKERS })
    this.#jobs = manager.informer('Job')
    this.#jobs.listen((event) => {
      const job = event.object
      if (event.type !== 'DELETED' && job.spec.ttlSecondsAfterFinished !== null && endingOf(job) !== null) this.enqueue(keyOf(job), event)
    })
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const job = this.#jobs.get(key)
    const ending = job === undefined ? null : endingOf(job)
    if (job === undefined || ending === null || job.spec.ttlSecondsAfterFinished === null) return 'done'
    const finishedAt = wholeSecond(conditionOf(job.status.conditions, ending.type)!.lastTransitionTime)
    const left = finishedAt + job.spec.ttlSecondsAfterFinished * SECOND - this.now
    if (left > 0) {
      this.queue.addAfter(key, left, cause)
      return 'done'
    }
    const { namespace, name } = job.metadata
    const why = `finished ${job.spec.ttlSecondsAfterFinished} s ago`
    const response = yield* this.client.delete('Job', namespace, name, null, { cause, why }, 'Foreground')
    return response.code === 200 || response.code === 404 ? 'done' : 'retry'
  }
}
