import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchesSelector } from '../../../api/labels.ts'
import type { Node, Pod, PodAffinityTerm, PodSpec, TopologySpreadConstraint } from '../../../api/objects/index.ts'
import { ClusterCache } from '../cluster-cache.ts'
import { PodInfo } from '../pod-info.ts'
import { nodeOf, podOf, selectorOf, spreadOf, termOf } from '../test-objects.ts'
import { defaultPlugins } from './index.ts'

/**
 * Each plugin on random small clusters against a slow model that looks at every pod of every node for every question. Pods come
 * and go between the questions, so that the indexes have to keep up.
 */

const ZONE = 'zone'
const HOST = 'kubernetes.io/hostname'
const NAMESPACES = { d: { team: 'x' }, e: { team: 'x' }, f: { team: 'y' } } as const

const labels = fc.record({ app: fc.constantFrom('a', 'b'), tier: fc.constantFrom('front', 'back') })
const selected = fc.constantFrom<Record<string, string>>({ app: 'a' }, { app: 'b' }, { app: 'a', tier: 'back' }, { tier: 'front' }, {})
const term: fc.Arbitrary<PodAffinityTerm> = fc
  .record({
    match: selected,
    key: fc.constantFrom(ZONE, HOST),
    namespaces: fc.constantFrom<readonly string[]>([], ['e'], ['d', 'f']),
    byTeam: fc.constantFrom<string | null>(null, null, 'x', 'y'),
    own: fc.constantFrom<readonly string[]>([], ['tier']),
  })
  .map(({ match, key, namespaces, byTeam, own }) =>
    termOf(match, key, { namespaces, namespaceSelector: byTeam === null ? null : selectorOf({ team: byTeam }), matchLabelKeys: own }),
  )
const affinity = fc.record({
  required: fc.array(term, { maxLength: 2 }),
  preferred: fc.array(fc.record({ weight: fc.integer({ min: 1, max: 100 }), term }), { maxLength: 2 }),
})
const spread: fc.Arbitrary<TopologySpreadConstraint> = fc
  .record({
    match: selected,
    key: fc.constantFrom(ZONE, HOST),
    soft: fc.boolean(),
    maxSkew: fc.integer({ min: 1, max: 3 }),
    minDomains: fc.constantFrom<number | null>(null, 2, 4),
    affinityPolicy: fc.constantFrom('Honor' as const, 'Ignore' as const),
    taintsPolicy: fc.constantFrom('Honor' as const, 'Ignore' as const),
  })
  .map(({ match, key, soft, maxSkew, minDomains, affinityPolicy, taintsPolicy }) =>
    spreadOf(match, key, {
      maxSkew,
      whenUnsatisfiable: soft ? 'ScheduleAnyway' : 'DoNotSchedule',
      minDomains: soft ? null : minDomains,
      nodeAffinityPolicy: affinityPolicy,
      nodeTaintsPolicy: taintsPolicy,
    }),
  )
const placement: fc.Arbitrary<Partial<PodSpec>> = fc.record(
  {
    podAffinity: affinity,
    podAntiAffinity: affinity,
    topologySpreadConstraints: fc.array(spread, { minLength: 1, maxLength: 2 }),
    nodeSelector: fc.constantFrom<Record<string, string>>({}, { disk: 'ssd' }),
  },
  { requiredKeys: [] },
)
const pod = fc.record({
  labels,
  namespace: fc.constantFrom('d', 'e', 'f'),
  spec: placement,
  deleted: fc.boolean(),
  cpu: fc.integer({ min: 0, max: 4 }).map((cores) => cores * 1000),
  hostPort: fc.constantFrom(0, 0, 80, 81),
})
const node = fc.record({
  zone: fc.constantFrom('', 'z1', 'z2', 'z3'),
  disk: fc.constantFrom('ssd', 'hdd'),
  tainted: fc.boolean(),
  pods: fc.integer({ min: 2, max: 6 }),
})
const cluster = fc.record({
  nodes: fc.array(node, { minLength: 1, maxLength: 5 }),
  existing: fc.array(fc.record({ pod, on: fc.nat(4), leaves: fc.boolean() }), { maxLength: 12 }),
  incoming: pod,
})

interface World {
  readonly cache: ClusterCache
  readonly nodes: readonly Node[]
  readonly placed: readonly { pod: Pod; node: Node }[]
  readonly incoming: Pod
}

function worldOf({ nodes, existing, incoming }: typeof cluster extends fc.Arbitrary<infer T> ? T : never): World {
  const cache = new ClusterCache(36)
  for (const [name, of] of Object.entries(NAMESPACES)) cache.setNamespace(name, of)
  const made = nodes.map((seed, i) => {
    const taints = seed.tainted ? [{ key: 't', value: '', effect: 'NoSchedule' as const }] : []
    const zone = seed.zone === '' ? {} : { [ZONE]: seed.zone }
    return nodeOf({ name: `n${i}`, labels: { [HOST]: `n${i}`, disk: seed.disk, ...zone }, taints, pods: seed.pods })
  })
  for (const one of made) cache.setNode(one)
  const first = podOf({ ...incoming, name: 'incoming', deleted: false })
  const ask = (): void => {
    const info = new PodInfo(first)
    for (const { plugin } of defaultPlugins()) {
      plugin.filter?.(info, cache)
      plugin.score?.(info, cache.nodes, cache)
    }
  }
  const pods = existing.map((seed, i) => ({ pod: podOf({ ...seed.pod, name: `p${i}` }), node: made[seed.on % made.length]!, seed }))
  for (const [i, { pod, node }] of pods.entries()) {
    cache.place(pod, node.metadata.name)
    if (i === Math.floor(pods.length / 2)) ask()
  }
  for (const { pod, seed } of pods) if (seed.leaves) cache.forget(`Pod/${pod.metadata.namespace}/${pod.metadata.name}`)
  return { cache, nodes: made, placed: pods.filter(({ seed }) => !seed.leaves), incoming: first }
}

function rejects(name: string, { cache, incoming }: World, node: Node): boolean {
  const filter = defaultPlugins().find(({ plugin }) => plugin.name === name)!.plugin.filter!(new PodInfo(incoming), cache)
  if (filter === null) return false
  return 'everywhere' in filter || filter.reject(cache.node(node.metadata.name)!) !== null
}

function agrees(name: string, model: (world: World, node: Node) => boolean, runs = 400): void {
  const seen = { rejected: 0, accepted: 0 }
  fc.assert(
    fc.property(cluster, (seed) => {
      const world = worldOf(seed)
      for (const node of world.nodes) {
        const expected = model(world, node)
        seen[expected ? 'rejected' : 'accepted']++
        expect(rejects(name, world, node), `${name} on ${node.metadata.name}`).toBe(expected)
      }
    }),
    { numRuns: runs, seed: 1 },
  )
  expect(Math.min(seen.rejected, seen.accepted)).toBeGreaterThan(runs / 20)
}

const label = (node: Node, key: string): string | undefined => node.metadata.labels[key]
const own = (term: PodAffinityTerm, of: Pod) => {
  const extra = term.matchLabelKeys.map((key) => ({ key, operator: 'In' as const, values: [of.metadata.labels[key]!] }))
  return { matchLabels: term.selector!.matchLabels, matchExpressions: extra }
}

/** Whether a term of `of` means `other`. */
function means(term: PodAffinityTerm, of: Pod, other: Pod): boolean {
  const namespace = other.metadata.namespace as keyof typeof NAMESPACES
  const listed =
    term.namespaces.length === 0 && term.namespaceSelector === null
      ? namespace === of.metadata.namespace
      : term.namespaces.includes(namespace)
  const byTeam = term.namespaceSelector !== null && matchesSelector(term.namespaceSelector, NAMESPACES[namespace])
  return (listed || byTeam) && matchesSelector(own(term, of), other.metadata.labels)
}

const together = (term: PodAffinityTerm, a: Node, b: Node): boolean =>
  label(a, term.topologyKey) !== undefined && label(a, term.topologyKey) === label(b, term.topologyKey)

const fitsNode = (pod: Pod, node: Node): boolean =>
  Object.entries(pod.spec.nodeSelector).every(([key, value]) => label(node, key) === value)
const counts = (constraint: TopologySpreadConstraint, pod: Pod, node: Node): boolean =>
  (constraint.nodeAffinityPolicy === 'Ignore' || fitsNode(pod, node)) &&
  (constraint.nodeTaintsPolicy === 'Ignore' || node.spec.taints.length === 0)
const matching = (constraint: TopologySpreadConstraint, pod: Pod, { placed }: World, on: (node: Node) => boolean): number =>
  Object.keys(constraint.selector!.matchLabels).length === 0
    ? 0
    : placed.filter(
        (one) =>
          on(one.node) &&
          one.pod.metadata.namespace === pod.metadata.namespace &&
          one.pod.metadata.deletionTimestamp === null &&
          matchesSelector(constraint.selector!, one.pod.metadata.labels),
      ).length

describe('filters agree with a model that looks at every pod', () => {
  test('TaintToleration', () => agrees('TaintToleration', (_world, node) => node.spec.taints.length > 0))
  test('NodeAffinity', () => agrees('NodeAffinity', ({ incoming }, node) => !fitsNode(incoming, node)))

  test('NodePorts', () => {
    const portOf = (pod: Pod) => pod.spec.containers[0]!.ports[0]?.hostPort ?? 0
    agrees('NodePorts', ({ incoming, placed }, node) =>
      placed.some((one) => one.node === node && portOf(incoming) !== 0 && portOf(one.pod) === portOf(incoming)),
    )
  })

  test('NodeResourcesFit: neither CPU nor pods are promised twice', () => {
    agrees('NodeResourcesFit', ({ incoming, placed }, node) => {
      const here = placed.filter((one) => one.node === node).map((one) => one.pod.spec.containers[0]!.requests.cpuMilli)
      const wanted = incoming.spec.containers[0]!.requests.cpuMilli
      const used = here.reduce((sum, cpu) => sum + cpu, 0)
      return here.length + 1 > node.status.allocatable.pods || (wanted > 0 && used + wanted > 8000)
    })
  })

  test('InterPodAffinity', () => {
    agrees(
      'InterPodAffinity',
      (world, node) => {
        const { incoming, placed } = world
        const near = incoming.spec.podAffinity?.required ?? []
        const far = incoming.spec.podAntiAffinity?.required ?? []
        if (near.some((term) => label(node, term.topologyKey) === undefined)) return true
        const friends = placed.filter((one) => near.length > 0 && near.every((term) => means(term, incoming, one.pod)))
        const anywhere = friends.every((one) => near.every((term) => label(one.node, term.topologyKey) === undefined))
        const isFirst = anywhere && near.every((term) => means(term, incoming, incoming))
        if (!isFirst && near.some((term) => !friends.some((one) => together(term, one.node, node)))) return true
        if (far.some((term) => placed.some((one) => means(term, incoming, one.pod) && together(term, one.node, node)))) return true
        return placed.some((one) =>
          (one.pod.spec.podAntiAffinity?.required ?? []).some((term) => means(term, one.pod, incoming) && together(term, one.node, node)),
        )
      },
      800,
    )
  })

  test('PodTopologySpread', () => {
    agrees(
      'PodTopologySpread',
      (world, node) => {
        const { incoming, nodes } = world
        const hard = (incoming.spec.topologySpreadConstraints ?? []).filter((one) => one.whenUnsatisfiable === 'DoNotSchedule')
        return hard.some((constraint) => {
          const key = constraint.topologyKey
          if (label(node, key) === undefined) return true
          const eligible = nodes.filter(
            (one) => hard.every((c) => label(one, c.topologyKey) !== undefined) && counts(constraint, incoming, one),
          )
          const inDomain = (value: string) =>
            matching(constraint, incoming, world, (one) => eligible.includes(one) && label(one, key) === value)
          const domains = [...new Set(eligible.map((one) => label(one, key)!))]
          const least = domains.length < (constraint.minDomains ?? 1) ? 0 : Math.min(...domains.map(inDomain))
          const self = matchesSelector(constraint.selector!, incoming.metadata.labels) ? 1 : 0
          return inDomain(label(node, key)!) + self - least > constraint.maxSkew
        })
      },
      800,
    )
  })
})

describe('scores agree with a model that looks at every pod', () => {
  const score = (name: string, { cache, incoming }: World): ReadonlyMap<string, number> | null => {
    const scores = defaultPlugins().find(({ plugin }) => plugin.name === name)!.plugin.score!(new PodInfo(incoming), cache.nodes, cache)
    return scores === null ? null : new Map(cache.nodes.map((info, i) => [info.name, scores[i]!]))
  }

  test('InterPodAffinity: preferences of the pod and of those that are there', () => {
    let interesting = 0
    fc.assert(
      fc.property(cluster, (seed) => {
        const world = worldOf(seed)
        const { incoming, placed, nodes } = world
        const raw = nodes.map((node) => {
          let sum = 0
          for (const one of placed) {
            const add = (term: PodAffinityTerm, of: Pod, other: Pod, weight: number) => {
              if (means(term, of, other) && together(term, one.node, node)) sum += weight
            }
            for (const { weight, term } of incoming.spec.podAffinity?.preferred ?? []) add(term, incoming, one.pod, weight)
            for (const { weight, term } of incoming.spec.podAntiAffinity?.preferred ?? []) add(term, incoming, one.pod, -weight)
            for (const term of one.pod.spec.podAffinity?.required ?? []) add(term, one.pod, incoming, 1)
            for (const { weight, term } of one.pod.spec.podAffinity?.preferred ?? []) add(term, one.pod, incoming, weight)
            for (const { weight, term } of one.pod.spec.podAntiAffinity?.preferred ?? []) add(term, one.pod, incoming, -weight)
          }
          return sum
        })
        const [min, max] = [Math.min(...raw), Math.max(...raw)]
        if (max > min) interesting++
        const got = score('InterPodAffinity', world)
        for (const [i, node] of nodes.entries()) {
          const expected = max === min ? 0 : Math.trunc(100 * ((raw[i]! - min) / (max - min)))
          expect(got?.get(node.metadata.name) ?? 0).toBe(expected)
        }
      }),
      { numRuns: 400, seed: 2 },
    )
    expect(interesting).toBeGreaterThan(50)
  })

  test('PodTopologySpread: domains with fewer pods', () => {
    let interesting = 0
    fc.assert(
      fc.property(cluster, (seed) => {
        const world = worldOf(seed)
        const { incoming, nodes } = world
        const soft = (incoming.spec.topologySpreadConstraints ?? []).filter((one) => one.whenUnsatisfiable === 'ScheduleAnyway')
        const got = score('PodTopologySpread', world)
        if (soft.length === 0) {
          expect(got).toBeNull()
          return
        }
        interesting++
        const has = (node: Node) => soft.every(({ topologyKey }) => label(node, topologyKey) !== undefined)
        const scored = nodes.filter(has)
        const raw = scored.map((node) => {
          let sum = 0
          for (const constraint of soft) {
            const { topologyKey: key, maxSkew } = constraint
            const domains = key === HOST ? scored.length : new Set(scored.map((one) => label(one, key))).size
            const pods =
              key === HOST
                ? matching(constraint, incoming, world, (one) => one === node)
                : matching(
                    constraint,
                    incoming,
                    world,
                    (one) => has(one) && counts(constraint, incoming, one) && label(one, key) === label(node, key),
                  )
            sum += pods * Math.log(domains + 2) + maxSkew - 1
          }
          return Math.round(sum)
        })
        const [min, max] = [Math.min(...raw), Math.max(0, ...raw)]
        for (const node of nodes) {
          const i = scored.indexOf(node)
          const expected = i < 0 ? 0 : max === 0 ? 100 : Math.trunc((100 * (max + min - raw[i]!)) / max)
          expect(got!.get(node.metadata.name)).toBe(expected)
        }
      }),
      { numRuns: 400, seed: 3 },
    )
    expect(interesting).toBeGreaterThan(50)
  })
})
