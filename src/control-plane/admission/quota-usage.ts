import type { AnyObject, Container, Pod, ResourceQuota, ScopeRequirement, Service } from '../../api/objects/index.ts'
import type { Quantity } from '../../api/quantity.ts'
import { isTerminal } from '../conditions.ts'
import { qualifiedResource } from '../resources.ts'
import { amountsOf, count, podAmounts } from './amounts.ts'

/** Amounts by the names that quotas have for them. */
export type Usage = Map<string, Quantity>

/** Core kinds whose number has a name without `count/`. Source: Kubernetes pkg/quota/v1/evaluator/core/registry.go. */
const COUNTED_BY_PLURAL: ReadonlySet<string> = new Set([
  ...['ConfigMap', 'PersistentVolumeClaim', 'ReplicationController', 'ResourceQuota', 'Secret', 'Service'],
])

/**
 * What an object takes from a quota.
 *
 * A pod that has finished counts as an object (`count/pods`) and nothing else.
 *
 * Source: Kubernetes pkg/quota/v1/evaluator/core/{pods,services}.go, pkg/quota/v1/generic/evaluator.go.
 */
export function usageOf(object: AnyObject): Usage {
  const usage: Usage = new Map([[`count/${qualifiedResource(object.kind)}`, count(1)]])
  if (COUNTED_BY_PLURAL.has(object.kind)) usage.set(qualifiedResource(object.kind), count(1))
  if (object.kind === 'Pod') addPod(usage, object as Pod)
  if (object.kind === 'Service') addService(usage, object as Service)
  return usage
}

function addPod(usage: Usage, pod: Pod): void {
  if (isTerminal(pod)) return
  usage.set('pods', count(1))
  const { requests, limits } = podAmounts(pod)
  for (const [name, amount] of requests) {
    if (isNative(name)) usage.set(name, amount)
    usage.set(`requests.${name}`, amount)
  }
  for (const [name, amount] of limits) if (isNative(name) && !name.startsWith('hugepages-')) usage.set(`limits.${name}`, amount)
}

/** Extended resources are known by `requests.` alone. Source: pods.go (podComputeUsageHelper). */
function isNative(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-')
}

function addService(usage: Usage, { spec }: Service): void {
  if (spec.type === 'LoadBalancer') usage.set('services.loadbalancers', count(1))
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') usage.set('services.nodeports', count(spec.ports.length))
}

/** Whether the quota is about the object: scopes are about pods only. Source: Kubernetes pkg/quota/v1/generic/evaluator.go (Matches). */
export function isAbout({ spec }: ResourceQuota, object: AnyObject): boolean {
  return spec.scopes.every((scope) => object.kind === 'Pod' && isInScope(scope, object as Pod))
}

/** Source: Kubernetes pkg/quota/v1/evaluator/core/pods.go (podMatchesScopeFunc). Scopes that the model cannot tell are refused in manifests. */
function isInScope({ scopeName, operator, values }: ScopeRequirement, pod: Pod): boolean {
  if (scopeName === 'BestEffort') return isBestEffort(pod)
  if (scopeName === 'NotBestEffort') return !isBestEffort(pod)
  if (scopeName === 'CrossNamespacePodAffinity') return looksBeyondNamespace(pod)
  const name = pod.spec.priorityClassName ?? ''
  if (operator === 'Exists') return name !== ''
  if (operator === 'DoesNotExist') return name === ''
  return values.includes(name) === (operator === 'In')
}

/** A term of its affinity or anti-affinity names namespaces. Source: as above (usesCrossNamespacePodAffinity). */
function looksBeyondNamespace({ spec }: Pod): boolean {
  return [spec.podAffinity, spec.podAntiAffinity]
    .flatMap((affinity) => (affinity === undefined ? [] : [...affinity.required, ...affinity.preferred.map(({ term }) => term)]))
    .some(({ namespaces, namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== null)
}

/** No container asks for, or is limited in, CPU or memory. Source: Kubernetes pkg/apis/core/v1/helper/qos/qos.go. */
function isBestEffort({ spec }: Pod): boolean {
  return [...spec.containers, ...spec.initContainers].every(
    ({ requests, limits }) => requests.cpuMilli + requests.memoryBytes + limits.cpuMilli + limits.memoryBytes === 0,
  )
}

/** What every container must say when a quota limits it. Source: pods.go (validationSet). */
const MUST_BE_SAID: ReadonlySet<string> = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'])

/** What containers of the pod do not say and must; null when there is nothing. Source: pods.go (Constraints). */
export function unsaid(object: AnyObject, limited: readonly string[]): string | null {
  if (object.kind !== 'Pod') return null
  const { containers, initContainers } = (object as Pod).spec
  const all = [...containers, ...initContainers]
  const missing = limited
    .filter((name) => MUST_BE_SAID.has(name))
    .toSorted()
    .flatMap((name) => {
      const silent = all.filter((container) => !says(container, name)).map((container) => container.name)
      return silent.length === 0 ? [] : [`${name} for: ${[...new Set(silent)].toSorted().join(',')}`]
    })
  return missing.length === 0 ? null : `must specify ${missing.join('; ')}`
}

function says({ requests, limits }: Container, name: string): boolean {
  if (name.startsWith('limits.')) return amountsOf(limits).has(name.slice('limits.'.length))
  return amountsOf(requests).has(name.replace('requests.', ''))
}
