import { Dice } from './dice.ts'

interface Texts {
  readonly manifests: readonly string[]
  readonly behaviours: readonly string[]
}

/** In some scenarios requests take CPU time, some containers have a limit of it, and processes warm up: dice of its own. */
export function withCpu(seed: string, { manifests, behaviours }: Texts): Texts {
  const dice = new Dice(`${seed}/cpu`)
  if (!dice.chance(0.35)) return { manifests, behaviours }
  const cpu = (): string => {
    const time = dice.chance(0.8) ? `, cpuPerRequest: ${dice.pick(['all', '3ms', '"uniform(0s, 60ms)"'])}` : ''
    return dice.chance(0.4) ? `${time}, warmUp: { duration: ${dice.pick([1, 20, 300])}s, factor: ${dice.pick([1, 3, 20])} }` : time
  }
  // No container requests more than 300m.
  const limit = (): string => (dice.chance(0.7) ? `, limits: { cpu: ${dice.pick([300, 500, 1000, 2500])}m }` : '')
  return {
    manifests: manifests.map((text) => text.replace(/(requests: \{ cpu: \d+m, memory: 64Mi \})/g, (requests) => `${requests}${limit()}`)),
    behaviours: behaviours.map((line) => (line.includes('run:') ? line : line.replace(/ \}$/, () => `${cpu()} }`))),
  }
}
