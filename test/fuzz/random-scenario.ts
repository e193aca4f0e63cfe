import { randomCalls } from './calls.ts'
import { withCpu } from './cpu.ts'
import { Dice } from './dice.ts'
import { randomDns } from './dns.ts'
import { FAULT_SECONDS_MAX, FAULTS, randomFaults } from './faults.ts'
import { randomFreezes } from './freezes.ts'
import { randomGateway } from './gateway.ts'
import { randomHeadless } from './headless.ts'
import { randomHttp2 } from './http2.ts'
import { randomIngress } from './ingress.ts'
import { randomKernel } from './kernel.ts'
import { randomLinkFaults, randomLinks, randomSizes } from './links.ts'
import { randomLoadBalancer } from './load-balancer.ts'
import { manifestOf, policiesOf } from './manifests.ts'
import { randomNetworkPolicies } from './network-policies.ts'
import { randomNodeClients } from './node-clients.ts'
import { randomNodePorts } from './node-ports.ts'
import { randomSlowComponents } from './slow-components.ts'
import { randomTries } from './tries.ts'
import { randomUdp } from './udp.ts'
import { VERBS } from './verbs.ts'
import { hasServers, isController, type World } from './world.ts'

/** Everything that happens, happens in this time from the start on, in seconds. */
const ACTIVE_SECONDS = 150
/**
 * Then the cluster has time to come to rest: a node that comes back at the end, the 300 s of a toleration, crash-loop back-off of up to
 * 300 s, and the rollouts that follow.
 */
const REST_SECONDS = 900

/** A random scenario with its manifests, by path: a function of the seed. The scenario itself is `scenario.yaml`. */
export function randomScenario(seed: string): Readonly<Record<string, string>> {
  const dice = new Dice(seed)
  const tries = new Dice(`${seed}/tries`)
  const nodeCount = dice.between(2, 6)
  const world: World = {
    dice,
    nodes: Array.from({ length: nodeCount }, (_, i) => `worker-${i + 1}`),
    version: dice.chance(0.5) ? 36 : dice.between(28, 36),
    etcdMembers: dice.pick([1, 3, 5]),
    apiServers: dice.pick([1, 1, 3]),
    workloads: [],
    images: 1,
    quotaPods: null,
  }
  const manifests = Array.from({ length: dice.between(1, 4) }, (_, i) => manifestOf(world, i))
  const ingress = randomIngress(seed, world, ACTIVE_SECONDS)
  const gateway = randomGateway(seed, world, ACTIVE_SECONDS)
  const udp = randomUdp(seed, world, ACTIVE_SECONDS + FAULT_SECONDS_MAX)
  const headless = randomHeadless(seed, world, ACTIVE_SECONDS + FAULT_SECONDS_MAX)
  const dns = randomDns(seed, world, ACTIVE_SECONDS + FAULT_SECONDS_MAX)
  const nodePorts = randomNodePorts(seed, world, ACTIVE_SECONDS + FAULT_SECONDS_MAX)
  const ofNodes = randomNodeClients(seed, world, ACTIVE_SECONDS + FAULT_SECONDS_MAX)
  const policies = randomNetworkPolicies(seed, world, ACTIVE_SECONDS)
  manifests.unshift(...policiesOf(world))
  const mode = dice.pick(world.version >= 31 ? ['iptables', 'ipvs', 'nftables'] : ['iptables', 'ipvs'])
  const kernel = randomKernel(seed, world, mode)
  const timeline: { at: number; text: string }[] = [...ingress.timeline, ...gateway.timeline, ...policies.timeline]
  for (let n = dice.between(0, 12); n > 0; n--) {
    const at = dice.between(1, ACTIVE_SECONDS)
    if (dice.chance(0.7)) {
      for (const { after, text } of dice.pick(VERBS)(world)) timeline.push({ at: at + after, text: `kubectl: ${JSON.stringify(text)}` })
    } else timeline.push({ at, text: `fault: ${dice.pick(FAULTS)(world)}` })
  }
  const recurring = [
    ...randomFaults(seed, world, ACTIVE_SECONDS),
    ...randomLinkFaults(seed, world, ACTIVE_SECONDS),
    ...randomFreezes(seed, world, ACTIVE_SECONDS),
    ...randomSlowComponents(seed, world, ACTIVE_SECONDS),
    ...dns.timeline,
  ]
  timeline.sort((a, b) => a.at - b.at)
  const traffic = world.workloads
    .filter(({ kind, name }) => kind !== 'Job' && !isController(name) && dice.chance(0.5))
    .map(
      ({ name }) => `
    - { name: to-${name}, to: "http://${name}.default.svc", arrivals: poisson(${dice.between(1, 20)}/s), stop: ${ACTIVE_SECONDS + FAULT_SECONDS_MAX}s${keptConnections(dice)}${randomTries(tries)}${randomSizes(seed, name)} }`,
    )
  const allTraffic = [
    ...traffic,
    ...ingress.traffic,
    ...gateway.traffic,
    ...udp.traffic,
    ...dns.traffic,
    ...headless.traffic,
    ...randomHttp2(seed, world, ACTIVE_SECONDS + FAULT_SECONDS_MAX),
    ...ofNodes,
    ...nodePorts.traffic,
    ...kernel.traffic,
  ]
  const behaviours = [
    ...dns.behaviours,
    ...ingress.behaviours,
    ...gateway.behaviours,
    ...randomCalls(seed, world),
    ...(world.workloads.some(({ kind }) => kind === 'Job')
      ? [
          `    - { selector: batch=yes, run: { duration: "uniform(1s, ${dice.between(2, 40)}s)", failProbability: ${dice.pick([0, 0.1, 0.5])} } }`,
        ]
      : []),
    ...(hasServers(world)
      ? [`    - { selector: fuzz=yes, startUp: "uniform(0s, ${dice.between(1, 8)}s)", onTerminate: ${dice.pick(['drain', 'exit'])} }`]
      : []),
  ]
  const cpu = withCpu(seed, { manifests, behaviours })
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: fuzz }
spec:
  seed: ${JSON.stringify(seed)}
  duration: ${ACTIVE_SECONDS + FAULT_SECONDS_MAX + REST_SECONDS}s
  warmUp: ${dice.between(0, 30)}s
  cluster:${network(seed)}
    version: "1.${world.version}"
    nodes: [{ count: ${nodeCount}, cpu: 8, memory: 32Gi, zone: [a, b, c] }]
    etcd: { members: ${world.etcdMembers} }
    apiServer: { count: ${world.apiServers} }
    kubeProxy: { mode: ${mode}${kernel.kubeProxy} }
${kernel.cluster}${dns.cluster}${randomLoadBalancer(seed, world)}    images: { preloaded: ${dice.chance(0.5)} }
  manifests: [app.yaml]
  workloads:
${cpu.behaviours.join('\n')}
  traffic:${allTraffic.length === 0 ? ' []' : allTraffic.join('')}
  timeline:${timeline.length + recurring.length === 0 ? ' []' : ''}${timeline.map(({ at, text }) => `\n    - { at: ${at}s, ${text} }`).join('')}${recurring.map((entry) => `\n    - ${entry}`).join('')}
`
  return {
    'scenario.yaml': scenario,
    'app.yaml': [
      ...cpu.manifests,
      ...ingress.manifests,
      ...gateway.manifests,
      ...udp.manifests,
      ...dns.manifests,
      ...headless.manifests,
      ...nodePorts.manifests,
      ...policies.manifests,
    ].join('---\n'),
    ...ingress.files,
    ...gateway.files,
    ...policies.files,
  }
}

/** Links that are not perfect, and nodes whose cores have little room for packets, now and then: dice of their own, so that all else of a seed stays. */
function network(seed: string): string {
  const dice = new Dice(`${seed}/network`)
  const links = randomLinks(seed)
  const softirq = dice.chance(0.6) ? '' : `softirq: { cores: ${dice.pick([1, 1, 2, 8])}, backlog: ${dice.pick([1, 1, 2, 100])} }`
  const parts = [links, softirq].filter((part) => part !== '')
  return parts.length === 0 ? '' : `\n    network: { ${parts.join(', ')} }`
}

/** Some clients keep their connections. */
function keptConnections(dice: Dice): string {
  if (!dice.chance(0.5)) return ''
  const lifetime = dice.chance(0.3) ? `, lifetime: ${dice.between(5, 60)}s` : ''
  return `, connection: { keepAlive: ${dice.pick([1, 10, 60])}s, pool: ${dice.pick([1, 2, 50])}${lifetime} }`
}
