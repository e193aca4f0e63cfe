import type { SchedulerPlugin } from '../plugin.ts'
import { balancedAllocation } from './balanced-allocation.ts'
import { imageLocality } from './image-locality.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { podTopologySpread } from './pod-topology-spread.ts'
import { LEAST_ALLOCATED, type ScoringStrategy } from './scoring-strategy.ts'
import { taintToleration } from './taint-toleration.ts'

/** A plugin with the weight of its score; 0 for one that does not score. */
export interface WeightedPlugin {
  readonly plugin: SchedulerPlugin
  readonly weight: number
}

/**
 * The default profile, in the order in which filters are asked. Adds a plugin: one line here, one file beside the others.
 *
 * Left out: the four volume plugins, DynamicResources, NodeDeclaredFeatures, SchedulingGates.
 *
 * Source: Kubernetes v1.36.2 pkg/scheduler/apis/config/v1/default_plugins.go (MultiPoint).
 */
export function defaultPlugins(strategy: ScoringStrategy = LEAST_ALLOCATED): readonly WeightedPlugin[] {
  return [
    { plugin: nodeUnschedulable, weight: 0 },
    { plugin: nodeName, weight: 0 },
    { plugin: taintToleration, weight: 3 },
    { plugin: nodeAffinity, weight: 2 },
    { plugin: nodePorts, weight: 0 },
    { plugin: nodeResourcesFit(strategy), weight: 1 },
    { plugin: podTopologySpread, weight: 2 },
    { plugin: interPodAffinity, weight: 2 },
    { plugin: balancedAllocation, weight: 1 },
    { plugin: imageLocality, weight: 1 },
  ]
}
