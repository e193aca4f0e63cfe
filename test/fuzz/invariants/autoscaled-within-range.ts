import type { HorizontalPodAutoscaler } from '../../../src/api/objects/index.ts'
import { keyOf, objectKey } from '../../../src/control-plane/object-key.ts'
import { SECOND } from '../../../src/units.ts'
import type { Invariant } from '../invariant.ts'
import { ofKind, storedObjects } from '../stored-objects.ts'

/** At rest the replicas of what an autoscaler looks at are in its range, and its status says how many they are. */
export const autoscaledWithinRange: Invariant = {
  name: 'autoscaled replicas are within their range',
  attach: (cluster, violated) => {
    const stored = storedObjects(cluster)
    return () => {
      for (const autoscaler of ofKind<HorizontalPodAutoscaler>(stored, 'HorizontalPodAutoscaler')) {
        const { spec, status, metadata } = autoscaler
        const { kind, name } = spec.scaleTargetRef
        const target = stored.get(objectKey(kind, metadata.namespace, name)) as { spec: { replicas: number } } | undefined
        // What was deleted has no replicas, and 0 switches an autoscaler off.
        if (target === undefined || target.spec.replicas === 0) continue
        const { replicas } = target.spec
        if (replicas < spec.minReplicas || replicas > spec.maxReplicas)
          violated(`${keyOf(autoscaler)} allows ${spec.minReplicas} to ${spec.maxReplicas} replicas and there are ${replicas}`)
        const scaledLately = status.lastScaleTime !== null && cluster.sim.now - status.lastScaleTime < 60 * SECOND
        if (!scaledLately && status.currentReplicas !== replicas)
          violated(`${keyOf(autoscaler)} says ${status.currentReplicas} replicas and there are ${replicas}`)
      }
    }
  },
}
