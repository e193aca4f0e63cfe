import type { Nanos } from '../../units.ts'
import type { Condition, KubernetesObject } from './meta.ts'

/** `autoscaling/v2`. */
export interface HorizontalPodAutoscaler extends KubernetesObject {
  readonly kind: 'HorizontalPodAutoscaler'
  readonly spec: {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string }
    readonly minReplicas: number
    readonly maxReplicas: number
    readonly metrics: readonly Metric[]
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

export type Metric = ResourceMetric | UnservedMetric

/** `Resource`, or `ContainerResource` where a container is named. */
export interface ResourceMetric {
  readonly type: 'Resource' | 'ContainerResource'
  /** `cpu` and `memory` are measured; of others no metric is ever there. */
  readonly resource: string
  /** Empty for all containers together. */
  readonly container: string
  /** Percent of what is requested, or an amount a pod in thousandths: of a core, of a byte. */
  readonly target:
    | { readonly type: 'Utilization'; readonly averageUtilization: number }
    | { readonly type: 'AverageValue'; readonly averageMilli: number }
}

/** A metric that only an adapter of its own could serve. There is none in the model, so it can never be read. */
export interface UnservedMetric {
  readonly type: 'Pods' | 'Object' | 'External'
  readonly name: string
}

export interface ResourceMetricStatus {
  readonly resource: string
  readonly container: string
  /** Thousandths a pod: of a core, of a byte. */
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
