import type { Container, LimitRange, LimitRangeItem, Pod, Quantities, Resources } from '../../api/objects/index.ts'
import { bytes, compareQuantities, cpuMilli, parseQuantity, type Quantity } from '../../api/quantity.ts'
import { invariant } from '../../invariant.ts'
import { amountsOf, podAmounts } from './amounts.ts'
import { forbidden, type Plugin } from './plugin.ts'

/**
 * LimitRanger: containers that say nothing get the defaults of the namespace's LimitRanges.
 *
 * Source: Kubernetes plugin/pkg/admission/limitranger/admission.go (mergePodResourceRequirements).
 */
export const LIMIT_DEFAULTS: Plugin = {
  name: 'LimitRanger',
  admit(object, { caches }) {
    if (object.kind !== 'Pod') return object
    let pod = object as Pod
    for (const range of caches.limitRanges(pod.metadata.namespace)) pod = withDefaults(pod, range)
    return pod
  },
}

/** LimitRanger again, once the pod is what it will be: every container and the whole pod within the bounds. */
export const LIMIT_BOUNDS: Plugin = {
  name: 'LimitRanger',
  admit(object, { caches }) {
    if (object.kind !== 'Pod') return object
    const pod = object as Pod
    for (const range of caches.limitRanges(pod.metadata.namespace)) {
      const complaints = complaintsAbout(pod, range)
      if (complaints.length === 0) continue
      return { refuse: forbidden(pod, complaints.length === 1 ? complaints[0]! : `[${complaints.join(', ')}]`) }
    }
    return object
  },
}

export function withDefaults(pod: Pod, { spec }: LimitRange): Pod {
  const item = spec.limits.find(({ type }) => type === 'Container')
  if (item === undefined) return pod
  const change = (container: Container): Container => {
    const limits = filled(container.limits, item.default)
    const requests = filled(container.requests, item.defaultRequest)
    return limits === container.limits && requests === container.requests ? container : { ...container, limits, requests }
  }
  const containers = pod.spec.containers.map(change)
  const initContainers = pod.spec.initContainers.map(change)
  const same = (after: readonly Container[], before: readonly Container[]): boolean => after.every((each, i) => each === before[i])
  if (same(containers, pod.spec.containers) && same(initContainers, pod.spec.initContainers)) return pod
  return { ...pod, spec: { ...pod.spec, containers, initContainers } }
}

/** The same resources when nothing is missing. */
function filled(resources: Resources, defaults: Quantities): Resources {
  let result = resources
  for (const [name, amount] of Object.entries(defaults)) {
    if (name === 'cpu') {
      if (result.cpuMilli === 0) result = { ...result, cpuMilli: cpuMilli(amount) }
    } else if (name === 'memory') {
      if (result.memoryBytes === 0) result = { ...result, memoryBytes: bytes(amount) }
    } else if (result.others?.[name] === undefined) result = { ...result, others: { ...result.others, [name]: bytes(amount) } }
  }
  return sameAmounts(result, resources) ? resources : result
}

function sameAmounts(a: Resources, b: Resources): boolean {
  return a.cpuMilli === b.cpuMilli && a.memoryBytes === b.memoryBytes && a.others === b.others
}

type Amounts = ReadonlyMap<string, Quantity>

/** Source: as above (PodValidateLimitFunc). */
export function complaintsAbout(pod: Pod, { spec }: LimitRange): string[] {
  const complaints: string[] = []
  for (const item of spec.limits) {
    if (item.type === 'Container')
      for (const { requests, limits } of [...pod.spec.containers, ...pod.spec.initContainers])
        complain(complaints, item, amountsOf(requests), amountsOf(limits))
    else if (item.type === 'Pod') {
      const { requests, limits } = podAmounts(pod)
      complain(complaints, item, requests, limits)
    }
  }
  return complaints
}

function complain(complaints: string[], item: LimitRangeItem, requests: Amounts, limits: Amounts): void {
  const { type } = item
  for (const [name, text] of Object.entries(item.min)) {
    const [request, limit, bound] = [requests.get(name), limits.get(name), read(text)]
    const what = `minimum ${name} usage per ${type} is ${bound.canonical}`
    if (request === undefined) complaints.push(`${what}.  No request is specified`)
    else if (compareQuantities(request, bound) < 0) complaints.push(`${what}, but request is ${request.canonical}`)
    else if (limit !== undefined && compareQuantities(limit, bound) < 0) complaints.push(`${what}, but limit is ${limit.canonical}`)
  }
  for (const [name, text] of Object.entries(item.max)) {
    const [request, limit, bound] = [requests.get(name), limits.get(name), read(text)]
    const what = `maximum ${name} usage per ${type} is ${bound.canonical}`
    if (limit === undefined) complaints.push(`${what}.  No limit is specified`)
    else if (compareQuantities(limit, bound) > 0) complaints.push(`${what}, but limit is ${limit.canonical}`)
    else if (request !== undefined && compareQuantities(request, bound) > 0) complaints.push(`${what}, but request is ${request.canonical}`)
  }
  for (const [name, text] of Object.entries(item.maxLimitRequestRatio)) {
    const [request, limit, bound] = [requests.get(name), limits.get(name), read(text)]
    const what = `${name} max limit to request ratio per ${type} is ${bound.canonical}`
    if (request === undefined) complaints.push(`${what}, but no request is specified or request is 0`)
    else if (limit === undefined) complaints.push(`${what}, but no limit is specified or limit is 0`)
    else {
      const ratio = Number(limit.nanos) / Number(request.nanos)
      if (limit.nanos * 1_000_000_000n > bound.nanos * request.nanos) complaints.push(`${what}, but provided ratio is ${ratio.toFixed(6)}`)
    }
  }
}

function read(text: string): Quantity {
  const parsed = parseQuantity(text)
  invariant(parsed.ok, `quantity "${text}" was not validated`)
  return parsed.quantity
}
