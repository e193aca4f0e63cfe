import { Dice } from './dice.ts'
import { isController, type World } from './world.ts'

/**
 * Behaviours of pods that call each other and answer with errors: some scenarios have them, and their draws are their own. An app calls those
 * that come after it, so no circle is without end; one of them may now and then call itself.
 */
export function randomCalls(seed: string, { workloads }: World): readonly string[] {
  const dice = new Dice(`${seed}/calls`)
  const apps = workloads.filter(({ kind, name }) => kind !== 'Job' && !isController(name)).map(({ name }) => name)
  if (apps.length === 0 || !dice.chance(0.4)) return []
  return apps.flatMap((app, index) => {
    if (!dice.chance(0.7)) return []
    const others = apps.slice(index + 1)
    const call = (to: string, more = ''): string => {
      const kept = dice.chance(0.4) ? `, connection: { keepAlive: ${dice.pick([1, 60])}s, pool: ${dice.pick([1, 2, 50])} }` : ''
      return `{ to: "http://${to}.default.svc", count: ${dice.pick([1, 1, 3])}, optional: ${dice.chance(0.5)}, timeout: ${dice.pick([50, 2000])}ms${kept}${more} }`
    }
    const probability = (): string => `, probability: ${dice.pick([0.1, 0.5, 1])}`
    const steps = others.length === 0 ? [] : [call(dice.pick(others), `${probability()}, at: ${dice.pick([0, 0.5])}`)]
    if (others.length > 0 && dice.chance(0.5)) steps.push(call(dice.pick(others), `${probability()}, when: succeeded`))
    if (others.length > 0 && dice.chance(0.5))
      steps.push(`{ parallel: [${others.map((to) => call(to, probability())).join(', ')}], at: ${dice.pick([0.5, 1])} }`)
    if (dice.chance(0.2)) steps.push(call(app, ', probability: 0.2, at: 1'))
    const errors = dice.chance(0.5) ? `, errors: { probability: ${dice.pick([1, 50])}%, code: ${dice.pick([500, 503])} }` : ''
    const calls = steps.length === 0 ? '' : `, calls: [${steps.join(', ')}]`
    return [
      `    - { selector: app=${app}, concurrency: ${dice.pick([1, 4, 16])}, queue: ${dice.pick([2, 128])}, startUp: ${dice.between(1, 8)}s, onTerminate: ${dice.pick(['drain', 'exit'])}${errors}${calls} }`,
    ]
  })
}
