import { Dice } from './dice.ts'
import { hasServers, type World } from './world.ts'

/** Traffic whose clients speak HTTP/2, some of it with retries and hedges: of dice of its own. */
export function randomHttp2(seed: string, world: World, stop: number): readonly string[] {
  const dice = new Dice(`${seed}/http2`)
  const pings = new Dice(`${seed}/http2/pings`)
  const apps = world.workloads.filter(({ kind, name }) => kind !== 'Job' && name !== 'edge').map(({ name }) => name)
  if (!hasServers(world) || !dice.chance(0.4)) return []
  return apps
    .filter(() => dice.chance(0.6))
    .map((app) => {
      const lifetime = dice.chance(0.4) ? `, lifetime: ${dice.between(1, 20)}s` : ''
      const streams = dice.chance(0.3) ? '' : `maxConcurrentStreams: ${dice.pick([1, 2, 10])}, `
      const ping = pings.chance(0.5)
        ? `ping: { interval: ${pings.pick(['20ms', '1s'])}, timeout: ${pings.pick(['1ms', '50ms', '2s'])} }`
        : ''
      const connection = `{ keepAlive: ${dice.pick([1, 20])}s, pool: ${dice.pick([1, 2, 50])}${lifetime}, http2: { ${streams}${ping} } }`
      const retries = dice.chance(0.4) ? ', retries: { max: 2, on: [reset, timeout, refused] }' : ''
      const hedge = dice.chance(0.3) ? ', hedge: { after: 20ms }' : ''
      return `
    - { name: streams-${app}, to: "http://${app}.default.svc", from: { pods: fuzz=yes }, arrivals: poisson(${dice.between(1, 60)}/s), timeout: ${dice.pick(['100ms', '2s'])}, stop: ${stop}s, connection: ${connection}${retries}${hedge} }`
    })
}
