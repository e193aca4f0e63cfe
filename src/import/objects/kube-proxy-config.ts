import { parse } from 'yaml'
import type { IpvsScheduler } from '../../kube-proxy/kube-proxy-spec.ts'
import { IPVS_SCHEDULERS } from '../../kube-proxy/kube-proxy-spec.ts'
import type { Notes } from '../notes.ts'
import type { DumpedObject } from './read-objects.ts'
import { at, textAt } from './values.ts'

/** What the ConfigMap kube-proxy of kubeadm says, as far as a scenario can say it too. */
export interface KubeProxyConfig {
  /** null: another one than the model has. */
  readonly mode: 'iptables' | 'ipvs' | 'nftables' | null
  /** null where it does not say. */
  readonly scheduler: IpvsScheduler | null
  readonly maxPerCore: number | null
  readonly min: number | null
  /** Such as `minSyncPeriod 1s`: what it says of syncs, for the reader. The scenario has no fields for them. */
  readonly syncPeriods: readonly string[]
  readonly clusterCIDR: string
}

/** More than any configuration is. */
const SIZE_MAX = 100_000

/** The configuration in `kube-system/kube-proxy`; null when it is not among the objects. No other ConfigMap is looked into. */
export function readKubeProxyConfig(objects: readonly DumpedObject[], notes: Notes): KubeProxyConfig | null {
  const map = objects.find(({ kind, namespace, name }) => kind === 'ConfigMap' && namespace === 'kube-system' && name === 'kube-proxy')
  if (map === undefined) return null
  const text = textAt(map.value, 'data', 'config.conf') || textAt(map.value, 'data', 'config.yaml')
  const config = text.length > SIZE_MAX ? undefined : parsed(text)
  if (textAt(config, 'kind') !== 'KubeProxyConfiguration') {
    notes.find(`${map.file}:${map.line}: the ConfigMap kube-proxy has no KubeProxyConfiguration in config.conf that can be read`)
    return null
  }
  const written = textAt(config, 'mode')
  // Source: kubernetes v1.36.2: an empty mode means iptables on Linux.
  const mode = written === '' ? 'iptables' : written === 'iptables' || written === 'ipvs' || written === 'nftables' ? written : null
  if (mode === null) notes.find(`kube-proxy runs in mode "${written.slice(0, 40)}", which the model does not have`)
  const own = mode === null ? {} : at(config, mode)
  const periods = (['minSyncPeriod', 'syncPeriod'] as const).flatMap((name) => {
    const value = textAt(own, name)
    return value === '' || /^0m?s?$/.test(value) ? [] : [`${name} ${value.slice(0, 40)}`]
  })
  return {
    mode,
    scheduler: schedulerNamed(textAt(config, 'ipvs', 'scheduler'), notes),
    maxPerCore: wholeNumber(at(config, 'conntrack', 'maxPerCore')),
    min: wholeNumber(at(config, 'conntrack', 'min')),
    syncPeriods: periods,
    clusterCIDR: textAt(config, 'clusterCIDR').slice(0, 100),
  }
}

/** A scheduler that the model has; null for none and for another one. */
export function schedulerNamed(text: string, notes: Notes): IpvsScheduler | null {
  if (text === '') return null
  const found = IPVS_SCHEDULERS.find((name) => name === text)
  if (found === undefined) notes.find(`The IPVS scheduler "${text.slice(0, 40)}" is not one that the model has`)
  return found ?? null
}

function parsed(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent', maxAliasCount: 100 })
  } catch {
    return undefined
  }
}

/** Null for 0, by which kube-proxy leaves the kernel's value alone, and for what is no number. */
function wholeNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 100_000_000 ? value : null
}
