import type { PickedObject } from '../modelled-fields.ts'
import type { HorizontalPodAutoscaler, Metric, ResourceMetric } from '../objects/index.ts'
import { cpuMilli } from '../quantity.ts'
import { scalingBehavior } from './scaling-behavior.ts'

type PickedSpec = PickedObject<'HorizontalPodAutoscaler'>['spec']
type PickedMetric = NonNullable<NonNullable<PickedSpec>['metrics']>[number]

/** Of requested CPU, in percent. Source: kubernetes v1.36.2 pkg/apis/autoscaling/v2/defaults.go. */
export const DEFAULT_UTILIZATION = 80

/** Source: kubernetes v1.36.2 pkg/apis/autoscaling/v2/defaults.go: one metric, CPU at 80 %, where none is given. */
const DEFAULT_METRIC: ResourceMetric = {
  type: 'Resource',
  resource: 'cpu',
  container: '',
  target: { type: 'Utilization', averageUtilization: DEFAULT_UTILIZATION },
}

export const NEW_AUTOSCALER_STATUS: HorizontalPodAutoscaler['status'] = {
  observedGeneration: 0,
  currentReplicas: 0,
  desiredReplicas: 0,
  lastScaleTime: null,
  currentMetrics: [],
  conditions: [],
}

/** Of autoscaling/v2, or of v1, whose one metric becomes one of v2. Source: pkg/apis/autoscaling/v1/conversion.go. */
export function autoscalerSpec(spec: PickedSpec): HorizontalPodAutoscaler['spec'] {
  const percent = spec?.targetCPUUtilizationPercentage
  const metrics = (spec?.metrics ?? []).map(metricOf)
  if (percent !== undefined) metrics.push({ ...DEFAULT_METRIC, target: { type: 'Utilization', averageUtilization: percent } })
  return {
    scaleTargetRef: { kind: spec?.scaleTargetRef?.kind ?? '', name: spec?.scaleTargetRef?.name ?? '' },
    minReplicas: spec?.minReplicas ?? 1,
    maxReplicas: spec?.maxReplicas ?? 0,
    metrics: metrics.length === 0 ? [DEFAULT_METRIC] : metrics,
    behavior: spec?.behavior === undefined ? null : scalingBehavior(spec.behavior),
  }
}

/** The rules have assured that there is what the type says, and nothing beside it. */
function metricOf({ type, resource, containerResource, pods, object, external }: PickedMetric): Metric {
  if (resource !== undefined) return { type: 'Resource', resource: resource.name ?? '', container: '', target: targetOf(resource.target) }
  if (containerResource !== undefined) {
    const { name = '', container = '', target } = containerResource
    return { type: 'ContainerResource', resource: name, container, target: targetOf(target) }
  }
  const source = pods ?? object ?? external
  return { type: type as 'Pods' | 'Object' | 'External', name: source?.metric?.name ?? '' }
}

type PickedTarget = NonNullable<PickedMetric['resource']>['target']

function targetOf(target: PickedTarget) {
  if (target?.averageUtilization !== undefined) return { type: 'Utilization', averageUtilization: target.averageUtilization } as const
  // A thousandth of a core is a thousandth of anything: the reading is that of a quantity in thousandths.
  return { type: 'AverageValue', averageMilli: cpuMilli(String(target?.averageValue ?? 0)) } as const
}
