import type { ImportedNodeGroup, ImportedNodes } from './objects/nodes.ts'
import type { ImportedTraffic, ImportedWorkload } from './traffic.ts'

/** What a scenario file is written from. */
export interface ScenarioParts {
  readonly name: string
  /** Names of the files that it comes from. */
  readonly sources: readonly string[]
  readonly nodes: ImportedNodes | null
  readonly kubeProxy: {
    readonly mode: string | null
    readonly scheduler: string | null
    readonly maxPerCore: number | null
    readonly min: number | null
    readonly comments: readonly string[]
  }
  readonly otherServices: { readonly count: number; readonly endpoints: number } | null
  readonly pods: number
  readonly workloads: readonly ImportedWorkload[]
  readonly traffic: readonly ImportedTraffic[]
  /** kubectl commands at time 0. */
  readonly commands: readonly string[]
  readonly assumed: readonly string[]
}

/** Requests a second of each assumed traffic: enough to see errors, and too few to saturate anything. */
const RATE = 10

/** Pods that the controllers make a second, at the least: their clients may write 20 times, twice for each pod. */
const PODS_PER_SECOND = 10

/** The text of the scenario. Every line that no dump vouches for is marked ASSUMED, with what to measure. */
export function scenarioText(parts: ScenarioParts): string {
  const warmUp = 60 + 30 * Math.ceil(parts.pods / PODS_PER_SECOND / 30)
  return `${[
    `# A cluster as its dumps have it: ${parts.sources.map((path) => oneLine(path.slice(path.lastIndexOf('/') + 1))).join(', ')}.`,
    '# What no dump knows is marked ASSUMED: measure it and put it there.',
    ...parts.assumed.flatMap((text) => wrapped('# ASSUMED: ', text)),
    'apiVersion: towtank/v1',
    'kind: Scenario',
    `metadata: { name: ${parts.name} }`,
    'spec:',
    `  duration: ${warmUp + 120}s # ASSUMED: two minutes of traffic after the warm-up`,
    `  warmUp: ${warmUp}s # ASSUMED: time for ${parts.pods} pods to be made and to start`,
    ...clusterLines(parts),
    '  manifests: [manifests.yaml]',
    ...workloadLines(parts.workloads),
    ...trafficLines(parts.traffic),
    ...timelineLines(parts.commands),
  ].join('\n')}\n`
}

function clusterLines({ nodes, kubeProxy, otherServices }: ScenarioParts): string[] {
  const lines = ['  cluster:']
  if (nodes?.version != null) lines.push(`    version: "${nodes.version}"`)
  if (nodes?.kernel != null) lines.push(`    kernel: "${nodes.kernel}"`)
  if (nodes?.runtime != null) lines.push(`    runtime: ${nodes.runtime}`)
  if (nodes?.install != null) {
    lines.push('    # ASSUMED: set up as by kubeadm, with etcd on the control-plane nodes')
    lines.push(`    install: ${nodes.install}`)
  }
  if (nodes?.controlPlane != null) {
    lines.push(`    controlPlane: { cpu: ${cores(nodes.controlPlane.cpuMilli)}, memory: ${nodes.controlPlane.memoryMi}Mi }`)
  }
  if (nodes !== null) lines.push('    nodes:', ...nodes.groups.map(groupLine))
  else lines.push('    # ASSUMED: three nodes of the default size, since no list of nodes was given')
  lines.push(...kubeProxyLines(kubeProxy))
  if (otherServices !== null) lines.push(`    otherServices: { count: ${otherServices.count}, endpoints: ${otherServices.endpoints} }`)
  lines.push('    # ASSUMED: every node holds every image, as in a cluster that has run for a while', '    images: { preloaded: true }')
  lines.push(
    '    # ASSUMED: delays between nodes are the defaults. Measure round trips between nodes of one zone and of two (ping); one way is half of one:',
    '    # network: { sameZone: 250us, crossZone: 1ms, external: 5ms }',
  )
  return lines
}

function groupLine({ count, cpuMilli, memoryMi, maxPods, zones }: ImportedNodeGroup): string {
  const zone = zones.length === 0 ? '' : `, zone: [${zones.map(quoted).join(', ')}]`
  return `      - { count: ${count}, cpu: ${cores(cpuMilli)}, memory: ${memoryMi}Mi, maxPods: ${maxPods}${zone} }`
}

/** In quotes where it is no whole number, so that it stays what it is. */
function cores(milli: number): string {
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`
}

function kubeProxyLines({ mode, scheduler, maxPerCore, min, comments }: ScenarioParts['kubeProxy']): string[] {
  const lines = comments.flatMap((text) => wrapped('    # ', text))
  const conntrack = [...(maxPerCore === null ? [] : [`maxPerCore: ${maxPerCore}`]), ...(min === null ? [] : [`min: ${min}`])]
  const fields = [
    ...(mode === null ? [] : [`mode: ${mode}`]),
    ...(scheduler === null ? [] : [`scheduler: ${scheduler}`]),
    ...(conntrack.length === 0 ? [] : [`conntrack: { ${conntrack.join(', ')} }`]),
  ]
  if (mode === null)
    lines.push('    # ASSUMED: mode iptables, the default: neither the ConfigMap kube-proxy nor rules of a node were given')
  return fields.length === 0 ? lines : [...lines, `    kubeProxy: { ${fields.join(', ')} }`]
}

function workloadLines(workloads: readonly ImportedWorkload[]): string[] {
  if (workloads.length === 0) return []
  return [
    '  # ASSUMED: how the containers behave; no dump knows. For each, measure at low load',
    '  #   serviceTime: the latency in the server itself, p50 and p99 (its own metrics or traces)',
    '  #   concurrency: requests that one pod serves at once (workers, threads, or its limit of connections)',
    '  #   queue:       requests that may wait in it before it refuses one (its accept queue)',
    '  #   startUp:     from the start of the process until it listens',
    '  #   onTerminate: drain if it finishes on SIGTERM what it serves, exit if it drops it',
    '  workloads:',
    ...workloads.flatMap(({ selector, owner, isIngressController }) => [
      `    - selector: ${quoted(selector)} # ${owner}`,
      '      serviceTime: lognormal(p50=5ms, p99=25ms) # ASSUMED',
      '      concurrency: 16 # ASSUMED',
      '      queue: 128 # ASSUMED',
      '      startUp: normal(2s, 0.5s) # ASSUMED',
      '      onTerminate: drain # ASSUMED',
      ...(isIngressController ? ['      # It looks like ingress-nginx. To send requests through it: ingressController: {}'] : []),
    ]),
  ]
}

function trafficLines(traffic: readonly ImportedTraffic[]): string[] {
  if (traffic.length === 0) return []
  return [
    `  # ASSUMED: a modest open-loop traffic, ${RATE} requests a second, to each Service that is exposed. Measure requests a second at its peak.`,
    '  traffic:',
    ...traffic.flatMap(({ name, to, from, why }) => [
      `    - name: ${name} # ${why}`,
      `      to: ${to}`,
      `      from: ${from === 'external' ? '{ external: true }' : '{ nodes: all }'}`,
      `      arrivals: poisson(${RATE}/s) # ASSUMED`,
    ]),
  ]
}

function timelineLines(commands: readonly string[]): string[] {
  if (commands.length === 0) return []
  return [
    '  # Taints, cordons and labels of the nodes; of labels those that pods ask for.',
    '  timeline:',
    ...commands.map((command) => `    - { at: 0s, kubectl: ${JSON.stringify(command)} }`),
  ]
}

/** As it is where YAML reads it back as the same text, else in quotes. */
function quoted(text: string): string {
  return /^[A-Za-z][A-Za-z0-9./=_-]*(,[A-Za-z][A-Za-z0-9./=_-]*)*$/.test(text) &&
    !/^(true|false|yes|no|on|off|null|y|n)$/i.test(text) &&
    !text.includes(',')
    ? text
    : JSON.stringify(text)
}

/** Nothing that a file name may hold ends a comment. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, '?')
}

/** A comment of lines of at most 140 characters. */
function wrapped(prefix: string, text: string): string[] {
  const lines: string[] = []
  let line = prefix
  let isFirst = true
  for (const word of oneLine(text).split(' ')) {
    if (!isFirst && line.length + 1 + word.length > 140) {
      lines.push(line)
      line = `${prefix.replace(/\S.*$/, '')}#   ${word}`
    } else line = isFirst ? `${line}${word}` : `${line} ${word}`
    isFirst = false
  }
  return [...lines, line]
}
