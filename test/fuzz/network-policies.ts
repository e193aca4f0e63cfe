import { Dice } from './dice.ts'
import { hasServers, type World } from './world.ts'

export interface RandomNetworkPolicies {
  /** Manifests to begin with. */
  readonly manifests: readonly string[]
  readonly timeline: readonly { readonly at: number; readonly text: string }[]
  /** Files that commands of the timeline apply. */
  readonly files: Readonly<Record<string, string>>
}

/** Policies that are there, come, change and go: of dice of their own. */
export function randomNetworkPolicies(seed: string, world: World, until: number): RandomNetworkPolicies {
  const dice = new Dice(`${seed}/network-policies`)
  if (!hasServers(world) || !dice.chance(0.35)) return { manifests: [], timeline: [], files: {} }
  const apps = world.workloads.map(({ name }) => name)
  const selector = (): string => dice.pick(['{}', '{ matchLabels: { fuzz: "yes" } }', `{ matchLabels: { app: ${dice.pick(apps)} } }`])
  const peer = (): string =>
    dice.pick([
      `{ podSelector: ${selector()} }`,
      '{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: default } } }',
      `{ namespaceSelector: {}, podSelector: ${selector()} }`,
      '{ ipBlock: { cidr: 198.18.0.0/15, except: [198.18.0.0/20] } }',
      '{ ipBlock: { cidr: 172.16.0.0/12 } }',
      '{ ipBlock: { cidr: 0.0.0.0/0 } }',
    ])
  const port = (): string => dice.pick(['{ port: 8080 }', '{ port: 53, protocol: UDP }', '{ port: 1, endPort: 9000 }', '{ port: http }'])
  const some = (one: () => string): string => Array.from({ length: dice.between(0, 2) }, one).join(', ')
  const rules = (peers: 'from' | 'to'): string => some(() => `{ ${peers}: [${some(peer)}], ports: [${some(port)}] }`)
  const policy = (name: string): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name} }
spec:
  podSelector: ${selector()}
  policyTypes: [${dice.pick(['Ingress', 'Egress', 'Ingress, Egress'])}]
  ingress: [${rules('from')}]
  egress: [${rules('to')}]
`
  const names = ['one', 'two', 'three']
  const files: Record<string, string> = {}
  const timeline: { at: number; text: string }[] = []
  for (const name of names) {
    if (!dice.chance(0.6)) continue
    files[`policy-${name}.yaml`] = policy(name)
    const at = dice.between(1, until)
    timeline.push({ at, text: `kubectl: apply -f policy-${name}.yaml` })
    if (dice.chance(0.5)) timeline.push({ at: at + dice.between(0, 40), text: `kubectl: delete netpol ${name}` })
  }
  return { manifests: names.filter(() => dice.chance(0.3)).map(policy), timeline, files }
}
