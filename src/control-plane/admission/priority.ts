import type { AnyObject, Pod, PriorityClass } from '../../api/objects/index.ts'
import { type AdmissionContext, forbidden, type Plugin, type Refused } from './plugin.ts'

/** Of pods, where no class is the default. Source: Kubernetes pkg/apis/scheduling/types.go (DefaultPriorityWhenNoDefaultClassExists). */
export const NO_CLASS = { value: 0, preemptionPolicy: 'PreemptLowerPriority' } as const

/**
 * Gives a pod the priority of its class, and keeps globally default classes to one.
 *
 * A pod may bring the number along, but only the one that its class has. That 0 was written is not told from nothing written.
 *
 * Source: Kubernetes plugin/pkg/admission/priority/admission.go.
 */
export const PRIORITY: Plugin = {
  name: 'Priority',
  admit(object, context, asked) {
    if (object.kind === 'Pod') return admitPod(object as Pod, context, asked)
    return object
  },
}

function admitPod(pod: Pod, context: AdmissionContext, asked: string): AnyObject | Refused {
  const { spec } = pod
  const named = spec.priorityClassName ?? ''
  const found = named === '' ? defaultClass(context) : context.caches.priorityClass(named)
  if (named !== '' && found === undefined) return { refuse: forbidden(pod, `no PriorityClass with name ${named} was found`, asked) }
  const { value, preemptionPolicy } = found ?? NO_CLASS
  if (spec.priority !== 0 && spec.priority !== value) {
    const why = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`
    return { refuse: forbidden(pod, why, asked) }
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    const why = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`
    return { refuse: forbidden(pod, why, asked) }
  }
  const name = found?.metadata.name ?? ''
  const policy = preemptionPolicy === 'Never' ? preemptionPolicy : spec.preemptionPolicy
  if (spec.priority === value && named === name && spec.preemptionPolicy === policy) return pod
  return {
    ...pod,
    spec: {
      ...spec,
      priority: value,
      ...(name === '' ? {} : { priorityClassName: name }),
      ...(policy === undefined ? {} : { preemptionPolicy: policy }),
    },
  }
}

/** Should there be several after all, the lowest counts. */
function defaultClass(context: AdmissionContext): PriorityClass | undefined {
  let lowest: PriorityClass | undefined
  for (const each of context.caches.priorityClasses())
    if (each.globalDefault && (lowest === undefined || each.value < lowest.value)) lowest = each
  return lowest
}

/** A second default is refused. Source: as above (validatePriorityClass). */
export const ONE_DEFAULT_PRIORITY: Plugin = {
  name: 'Priority',
  admit(object, context) {
    if (object.kind !== 'PriorityClass' || !(object as PriorityClass).globalDefault) return object
    const other = defaultClass(context)
    if (other === undefined || other.metadata.name === object.metadata.name) return object
    return { refuse: forbidden(object, `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`) }
  },
}
