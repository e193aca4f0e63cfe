import { Dice } from './dice.ts'
import { hasServers, isController, type World } from './world.ts'

export interface RandomHeadless {
  readonly manifests: readonly string[]
  readonly traffic: readonly string[]
}

/** Headless Services before some workloads, aliases of theirs, and traffic from pods straight to their pods: of dice of its own. */
export function randomHeadless(seed: string, world: World, stop: number): RandomHeadless {
  const dice = new Dice(`${seed}/headless`)
  const apps = world.workloads.filter(({ kind, name }) => kind !== 'Job' && !isController(name))
  if (!hasServers(world) || apps.length === 0 || !dice.chance(0.3)) return { manifests: [], traffic: [] }
  const manifests: string[] = []
  const traffic: string[] = []
  for (const { kind, name } of apps) {
    if (dice.chance(0.5)) continue
    const published = dice.chance(0.3) ? ', publishNotReadyAddresses: true' : ''
    manifests.push(
      `apiVersion: v1
kind: Service
metadata: { name: pods-of-${name} }
spec: { clusterIP: None, selector: { app: ${name} }, ports: [{ port: 8080 }]${published} }
`,
      `apiVersion: v1
kind: Service
metadata: { name: alias-of-${name} }
spec: { type: ExternalName, externalName: ${dice.pick([`${name}.default.svc.cluster.local`, `pods-of-${name}.default.svc.cluster.local`])} }
`,
    )
    const host = dice.pick([
      `pods-of-${name}.default.svc:8080`,
      ...(kind === 'StatefulSet' ? [`${name}-0.pods-of-${name}.default.svc:8080`] : [`pods-of-${name}.default:8080`]),
    ])
    const kept = dice.pick(['', ', connection: { keepAlive: 20s, pool: 2 }', ', connection: { keepAlive: 20s, http2: {} }'])
    const retries = dice.chance(0.3) ? ', retries: { max: 2, on: [connect-failure] }' : ''
    traffic.push(`
    - { name: straight-${name}, to: "http://${host}", from: { pods: fuzz=yes }, arrivals: poisson(${dice.between(1, 20)}/s), timeout: ${dice.pick([1, 10])}s, stop: ${stop}s${kept}${retries} }`)
  }
  return { manifests, traffic }
}
