import type { AnyObject, Quantities, ResourceQuota } from '../../api/objects/index.ts'
import { addQuantities, compareQuantities, parseQuantity, type Quantity } from '../../api/quantity.ts'
import { invariant } from '../../invariant.ts'
import { count } from './amounts.ts'
import { forbidden } from './plugin.ts'
import { isAbout, type Usage, unsaid, usageOf } from './quota-usage.ts'

/** The quotas with the object counted in, the same ones where it takes nothing; or why it may not be. */
export type QuotaCheck = { readonly ok: true; readonly quotas: readonly ResourceQuota[] } | { readonly ok: false; readonly message: string }

/**
 * Counts an object in with all quotas of its namespace, or says which of them has no room.
 *
 * A quota is judged by its status: until its controller has seen it, it limits nothing.
 *
 * Source: Kubernetes apiserver/pkg/admission/plugin/resourcequota/controller.go (CheckRequest).
 */
export function checkQuotas(quotas: readonly ResourceQuota[], object: AnyObject): QuotaCheck {
  const usage = usageOf(object)
  const isKnown = (name: string): boolean => usage.has(name) || isOf(object.kind, name)
  const concerned = quotas.filter((quota) => isAbout(quota, object) && Object.keys(quota.status.hard).some(isKnown))
  for (const quota of concerned) {
    const limited = Object.keys(quota.status.hard).filter(isKnown)
    const complaint = unsaid(object, limited)
    if (complaint !== null) return refused(object, `failed quota: ${quota.metadata.name}: ${complaint}`)
    if (limited.some((name) => quota.status.used[name] === undefined))
      return refused(object, `status unknown for quota: ${quota.metadata.name}, resources: ${limited.toSorted().join(',')}`)
  }
  const counted = new Map<ResourceQuota, ResourceQuota>()
  for (const quota of concerned) {
    const { hard, used } = quota.status
    const requested = new Map([...usage].filter(([name]) => hard[name] !== undefined))
    if (requested.size === 0) continue
    const sum = (name: string): Quantity => addQuantities(amount(used[name]!), requested.get(name)!)
    const exceeded = [...requested.keys()].filter((name) => compareQuantities(sum(name), amount(hard[name]!)) > 0).toSorted()
    if (exceeded.length > 0) {
      const told = (of: (name: string) => string): string => exceeded.map((name) => `${name}=${of(name)}`).join(',')
      const asked = told((name) => requested.get(name)!.canonical)
      const why = `requested: ${asked}, used: ${told((name) => used[name]!)}, limited: ${told((name) => hard[name]!)}`
      return refused(object, `exceeded quota: ${quota.metadata.name}, ${why}`)
    }
    const after = Object.fromEntries(Object.keys(used).map((name) => [name, requested.has(name) ? sum(name).canonical : used[name]!]))
    counted.set(quota, { ...quota, status: { hard, used: after } })
  }
  return { ok: true, quotas: quotas.map((quota) => counted.get(quota) ?? quota) }
}

function refused(object: AnyObject, why: string): QuotaCheck {
  return { ok: false, message: forbidden(object, why) }
}

/** Whether a pod could take from it although this one does not: `limits.memory` of a pod without limits. */
function isOf(kind: string, name: string): boolean {
  return kind === 'Pod' && /^(pods|cpu|memory|ephemeral-storage|(requests|limits)\..+)$/.test(name)
}

/**
 * What objects take together from a quota, by the names that it limits.
 *
 * Source: Kubernetes pkg/quota/v1/resources.go (CalculateUsage).
 */
export function usedOf(quota: ResourceQuota, objects: Iterable<AnyObject>): Quantities {
  const sums: Usage = new Map(Object.keys(quota.spec.hard).map((name) => [name, count(0)]))
  for (const object of objects) {
    if (!isAbout(quota, object)) continue
    for (const [name, taken] of usageOf(object)) {
      const sum = sums.get(name)
      if (sum !== undefined) sums.set(name, addQuantities(sum, taken))
    }
  }
  return Object.fromEntries([...sums].map(([name, sum]) => [name, sum.canonical]))
}

function amount(text: string): Quantity {
  const parsed = parseQuantity(text)
  invariant(parsed.ok, `quantity "${text}" was not validated`)
  return parsed.quantity
}
