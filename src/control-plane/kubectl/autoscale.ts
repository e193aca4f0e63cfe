import type { HorizontalPodAutoscaler, Kind, ResourceMetric } from '../../api/objects/index.ts'
import { emptyMeta } from '../empty-meta.ts'
import { objectKey } from '../object-key.ts'
import type { Target, VerbRunner } from './session.ts'

export interface AutoscaleCommand extends Target<Kind> {
  readonly verb: 'autoscale'
  /** The autoscaler's name. */
  readonly as: string
  readonly minReplicas: number
  readonly maxReplicas: number
  readonly metrics: readonly ResourceMetric[]
}

/** Makes an autoscaler for an object that is there. Source: kubectl pkg/cmd/autoscale/autoscale.go. */
export const autoscale: VerbRunner<AutoscaleCommand> = {
  subject: ({ namespace, as }) => objectKey('HorizontalPodAutoscaler', namespace, as),
  *run({ kind, namespace, name, as, minReplicas, maxReplicas, metrics }, session) {
    const { client, cause } = session
    const key = objectKey(kind, namespace, name)
    if ((yield* client.get(kind, namespace, name)) === undefined) {
      session.failed(key, `${key} not found`)
      return
    }
    const autoscaler: HorizontalPodAutoscaler = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: emptyMeta(as, namespace),
      spec: { scaleTargetRef: { kind, name }, minReplicas, maxReplicas, metrics, behavior: null },
      status: {
        observedGeneration: 0,
        currentReplicas: 0,
        desiredReplicas: 0,
        lastScaleTime: null,
        currentMetrics: [],
        conditions: [],
      },
    }
    const response = yield* client.create(autoscaler, { cause, why: `autoscale ${key}` })
    session.told(response, objectKey('HorizontalPodAutoscaler', namespace, as))
  },
}
