import { describe, expect, test } from 'vitest'
import type { Container, Node, NodeSelectorTerm, Pod, Toleration } from '../../src/api/objects/index.ts'
import { bytes, cpuMilli } from '../../src/api/quantity.ts'
import { emptyMeta } from '../../src/control-plane/empty-meta.ts'
import { FILTERS } from '../../src/control-plane/scheduler/filter.ts'
import { NodeInfo, podRequests } from '../../src/control-plane/scheduler/node-info.ts'
import { balancedAllocation, leastAllocated, taintToleration } from '../../src/control-plane/scheduler/score.ts'
import { containerOf, podSpecOf } from '../control-plane/testbed.ts'
import { casesOf } from './shared-cases.ts'

// biome-ignore lint/suspicious/noExplicitAny: the shape of a foreign file
type Raw = any

const GIBI = 1024 * 1024 * 1024

function podOf(raw: Raw): Pod {
  const spec = raw.spec ?? {}
  const containers: Container[] = (spec.containers ?? []).map((container: Raw, i: number) => {
    const requests = container.resources?.requests ?? {}
    return containerOf(`c${i}`, { requests: { cpuMilli: cpuMilli(requests.cpu ?? '0'), memoryBytes: bytes(requests.memory ?? '0') } })
  })
  const tolerations: Toleration[] = (spec.tolerations ?? []).map((toleration: Raw) => ({
    key: toleration.key ?? '',
    operator: toleration.operator ?? 'Equal',
    value: toleration.value ?? '',
    effect: toleration.effect ?? '',
    tolerationSeconds: null,
  }))
  const terms: NodeSelectorTerm[] =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms?.map((term: Raw) => ({
      matchExpressions: [...(term.matchExpressions ?? []), ...(term.matchFields ?? [])].map((e: Raw) => ({ ...e, values: e.values ?? [] })),
    })) ?? []
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: emptyMeta('p', 'default'),
    spec: { ...podSpecOf(containers), nodeName: '', tolerations, nodeSelector: spec.nodeSelector ?? {}, requiredNodeAffinity: terms },
    status: { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
  }
}

function nodeOf(raw: Raw): NodeInfo {
  const allocatable = raw.allocatable ?? {}
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...emptyMeta(raw.name ?? '', ''), labels: raw.labels ?? {} },
    spec: { podCIDR: '', unschedulable: false, taints: (raw.taints ?? []).map((taint: Raw) => ({ value: '', ...taint })) },
    status: {
      allocatable: {
        cpuMilli: allocatable.cpu === undefined ? 8000 : cpuMilli(allocatable.cpu),
        memoryBytes: allocatable.memory === undefined ? GIBI : bytes(allocatable.memory),
        pods: Number(allocatable.pods ?? 110),
      },
      conditions: [],
      internalIP: '',
    },
  }
  return new NodeInfo(node)
}

function nodesOf(input: Raw): NodeInfo[] {
  const nodes: NodeInfo[] = input.nodes.map(nodeOf)
  for (const raw of input.existingPods ?? []) nodes.find((info) => info.node.metadata.name === raw.spec.nodeName)?.add(podOf(raw))
  return nodes
}

/** Numeric tolerations (alpha in 1.35), an explicit request of 0, and the scheduler's own added affinity are not modelled. */
const notModelled = (input: Raw): boolean => /"operator":"(Gt|Lt)","value"|"memory":"0"|addedAffinity/.test(JSON.stringify(input))

const cpuAndMemoryEqually = (resources: Raw): boolean =>
  resources === undefined ||
  (resources?.length === 2 && resources.every((resource: Raw) => ['cpu', 'memory'].includes(resource.Name) && resource.Weight === 1))

describe('scheduler plugins give the scores that kube-scheduler 1.36 gives', () => {
  const file = casesOf('scheduler-scores.json')
  const scored = [
    {
      category: 'balancedAllocation',
      score: (pod: Pod, nodes: NodeInfo[]) => balancedAllocation(pod, nodes, podRequests(pod)),
      atLeast: 4,
    },
    { category: 'leastAllocated', score: (pod: Pod, nodes: NodeInfo[]) => leastAllocated(pod, nodes), atLeast: 1 },
    { category: 'taintScore', score: (pod: Pod, nodes: NodeInfo[]) => taintToleration(pod, nodes), atLeast: 3 },
  ]
  for (const { category, score, atLeast } of scored) {
    test.skipIf(file.absent)(`${category} ${file.note}`, () => {
      let checked = 0
      for (const { id, input, expected } of file.of(category)) {
        if (
          notModelled(input) ||
          expected.scores === undefined ||
          Object.keys(expected.scores).length === 0 ||
          !cpuAndMemoryEqually(input.resources)
        )
          continue
        const nodes = nodesOf(input)
        const scores = score(podOf(input.pod), nodes)
        if (scores === null) expect.fail(id)
        expect(Object.fromEntries(nodes.map((info, i) => [info.node.metadata.name, scores[i]])), id).toEqual(expected.scores)
        checked++
      }
      expect(checked).toBeGreaterThanOrEqual(atLeast)
    })
  }

  const filters = [
    { category: 'taintFilter', plugin: 'TaintToleration', atLeast: 5 },
    { category: 'nodeAffinityFilter', plugin: 'NodeAffinity', atLeast: 12 },
  ]
  for (const { category, plugin, atLeast } of filters) {
    test.skipIf(file.absent)(`${category} ${file.note}`, () => {
      const { reject } = FILTERS.find((candidate) => candidate.name === plugin)!
      let checked = 0
      for (const { id, input, expected } of file.of(category)) {
        const verdict = expected.filter ?? expected
        const broken = (expected.preFilterNodeNames ?? null) !== null || id.includes('invalid value')
        if (notModelled(input) || verdict?.code === undefined || verdict.code === 'Error' || broken || input.node === undefined) continue
        const pod = podOf(input.pod)
        const reason = reject(pod, nodeOf(input.node), podRequests(pod))
        expect(reason === null ? 'Success' : 'rejected', id).toBe(verdict.code === 'Success' ? 'Success' : 'rejected')
        checked++
      }
      expect(checked).toBeGreaterThanOrEqual(atLeast)
    })
  }
})
