import type { ScalingBehavior, ScalingRules } from '../objects/index.ts'
import { cpuMilli } from '../quantity.ts'

/** Source: kubernetes v1.36.2 pkg/apis/autoscaling/v2/defaults.go. */
export const SCALE_UP: ScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
  tolerance: null,
}
export const SCALE_DOWN: ScalingRules = {
  stabilizationWindowSeconds: null,
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  tolerance: null,
}

/** Rules of one direction as they are written. */
export interface WrittenRules {
  readonly stabilizationWindowSeconds?: number | null
  readonly selectPolicy?: string
  readonly policies?: readonly { readonly type?: string; readonly value?: number; readonly periodSeconds?: number }[] | null
  /** A quantity. */
  readonly tolerance?: number | string
}

/** A behaviour with what the API server fills in. A manifest without one gets none: the controller's own limits then hold. */
export function scalingBehavior(written: { readonly scaleUp?: WrittenRules; readonly scaleDown?: WrittenRules }): ScalingBehavior {
  return { scaleUp: filledIn(written.scaleUp, SCALE_UP), scaleDown: filledIn(written.scaleDown, SCALE_DOWN) }
}

function filledIn(written: WrittenRules | undefined, defaults: ScalingRules): ScalingRules {
  if (written === undefined) return defaults
  return {
    stabilizationWindowSeconds: written.stabilizationWindowSeconds ?? defaults.stabilizationWindowSeconds,
    selectPolicy: (written.selectPolicy || defaults.selectPolicy) as ScalingRules['selectPolicy'],
    policies:
      written.policies?.map(({ type, value, periodSeconds }) => ({
        type: type as 'Pods' | 'Percent',
        value: value ?? 0,
        periodSeconds: periodSeconds ?? 0,
      })) ?? defaults.policies,
    tolerance: written.tolerance === undefined ? null : cpuMilli(String(written.tolerance)) / 1000,
  }
}
