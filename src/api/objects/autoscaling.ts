import type { Nanos } from '../../units.ts'
import type { Condition, KubernetesObject } from './meta.ts'

/** `autoscaling/v2`. */
export interface HorizontalPodAutoscaler extends KubernetesObject {
  readonly kind: 'HorizontalPodAutoscaler'
  readonly spec: {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string }
    readonly minReplicas: number
    readonly maxReplicas: number
    readonly metrics: readonly ResourceMetric[]
    /** null: none is written, so that the controller's own limits hold, which are not those of an empty one. */
    readonly behavior: ScalingBehavior | null
  }
  readonly status: HorizontalPodAutoscalerStatus
}

export interface HorizontalPodAutoscalerStatus {
  readonly observedGeneration: number
  readonly currentReplicas: number
  readonly desiredReplicas: number
  readonly lastScaleTime: Nanos | null
  readonly currentMetrics: readonly ResourceMetricStatus[]
  readonly conditions: readonly Condition[]
}

export interface ResourceMetric {
  readonly resource: 'cpu'
  /** Percent of what is requested, or thousandths of a core a pod. */
  readonly target:
    | { readonly type: 'Utilization'; readonly averageUtilization: number }
    | { readonly type: 'AverageValue'; readonly averageMilli: number }
}

export interface ResourceMetricStatus {
  readonly resource: 'cpu'
  /** Thousandths of a core a pod. */
  readonly averageMilli: number
  /** null where the target is no utilization. */
  readonly averageUtilization: number | null
}

export interface ScalingBehavior {
  readonly scaleUp: ScalingRules
  readonly scaleDown: ScalingRules
}

export interface ScalingRules {
  /** null: the controller's own default. */
  readonly stabilizationWindowSeconds: number | null
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled'
  readonly policies: readonly ScalingPolicy[]
  /** Share by which usage may differ from the target; null for the controller's own. */
  readonly tolerance: number | null
}

export interface ScalingPolicy {
  readonly type: 'Pods' | 'Percent'
  readonly value: number
  readonly periodSeconds: number
}
