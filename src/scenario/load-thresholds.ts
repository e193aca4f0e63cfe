import { nearest } from '../api/did-you-mean.ts'
import type { LoadContext } from './load-context.ts'
import { find, listNames, named } from './load-inventory.ts'
import { parseThreshold } from './parse-threshold.ts'
import type { Path } from './parse-yaml.ts'
import type { Threshold } from './scenario.ts'
import { THRESHOLD_METRICS } from './threshold-metrics.ts'

/** Thresholds with every label filled in: a threshold may leave out what can only be one thing. */
export function loadThresholds(
  context: LoadContext,
  draft: readonly (string | undefined)[] | undefined,
  trafficNames: readonly string[],
  callNames: readonly string[],
): readonly Threshold[] {
  return (draft ?? []).flatMap((text, index): Threshold[] => {
    const path: Path = ['spec', 'thresholds', index]
    const threshold = context.read(path, text, parseThreshold)
    if (threshold === undefined) return []
    const about = THRESHOLD_METRICS.get(threshold.metric)?.of
    if (about === 'run') return [threshold]
    const labels =
      about === 'traffic' ? trafficLabels(context, path, threshold, trafficNames, callNames) : deploymentLabels(context, path, threshold)
    return labels === undefined ? [] : [{ ...threshold, labels }]
  })
}

function trafficLabels(
  context: LoadContext,
  path: Path,
  { metric, labels }: Threshold,
  traffic: readonly string[],
  calls: readonly string[],
): Threshold['labels'] | undefined {
  const names = [...traffic, ...calls]
  const accepted = `one of ${listNames(names, '(there is no traffic)')}`
  if (labels.traffic === undefined) {
    if (traffic.length === 1) return { traffic: traffic[0]! }
    context.mistake(
      path,
      `The threshold does not say which traffic it is about`,
      names.length === 0 ? accepted : names.map((name) => `${metric}{traffic=${name}}`).join(' or '),
    )
    return undefined
  }
  if (names.includes(labels.traffic)) return labels
  context.mistake(path, `There is no traffic called "${labels.traffic}"`, accepted, nearest(labels.traffic, names))
  return undefined
}

function deploymentLabels(context: LoadContext, path: Path, { labels }: Threshold): Threshold['labels'] | undefined {
  const { deployments } = context.inventory
  const names = deployments.map((deployment) => deployment.metadata.name)
  const accepted = `one of ${listNames(names, '(there is no Deployment)')}`
  if (labels.deployment === undefined) {
    if (context.inventory.mayHaveMorePods) return undefined
    if (deployments.length === 1) return { deployment: names[0]!, namespace: deployments[0]!.metadata.namespace }
    context.mistake(path, 'The threshold does not say which Deployment it is about', accepted)
    return undefined
  }
  const candidates = named(deployments, labels.deployment)
  if (candidates.length === 0) {
    if (context.inventory.mayHave(labels.deployment)) return undefined
    context.mistake(path, `There is no Deployment called "${labels.deployment}"`, accepted, nearest(labels.deployment, names))
    return undefined
  }
  const namespaces = candidates.map((deployment) => deployment.metadata.namespace)
  if (labels.namespace === undefined) {
    if (candidates.length === 1) return { deployment: labels.deployment, namespace: namespaces[0]! }
    context.mistake(
      path,
      `There are several Deployments called "${labels.deployment}"`,
      `a label namespace, one of ${listNames(namespaces, '')}`,
    )
    return undefined
  }
  if (find(deployments, labels.namespace, labels.deployment) !== undefined)
    return { deployment: labels.deployment, namespace: labels.namespace }
  context.mistake(
    path,
    `There is no Deployment "${labels.deployment}" in the namespace "${labels.namespace}"`,
    `one of ${listNames(namespaces, '')}`,
  )
  return undefined
}
