import type { Dice } from './dice.ts'

/** How often the clients of a traffic try, as keys of its entry: each in part of the scenarios, in any combination. Its time-out is 2 s. */
export function randomTries(dice: Dice): string {
  const keys: string[] = []
  if (dice.chance(0.3)) keys.push(`connectTimeout: ${dice.pick([1, 50, 500, 1500])}ms`)
  if (dice.chance(0.5)) {
    const on = ['connect-failure', 'refused', 'reset', 'timeout', '5xx'].filter(() => dice.chance(0.6))
    const perTry = dice.chance(0.5) ? `, perTryTimeout: ${dice.pick([5, 30, 400, 1999])}ms` : ''
    const backOff = dice.pick(['', ', backOff: { base: 0s, max: 0s }', ', backOff: { base: 300ms, max: 5s }'])
    keys.push(`retries: { max: ${dice.between(1, 5)}, on: [${on.length === 0 ? 'reset' : on.join()}]${backOff}${perTry}${budget(dice)} }`)
  }
  if (dice.chance(0.3)) keys.push(`hedge: { after: ${dice.pick([3, 30, 900])}ms, max: ${dice.between(1, 3)}${budget(dice)} }`)
  return keys.map((key) => `, ${key}`).join('')
}

function budget(dice: Dice): string {
  return dice.pick(['', '', ', budget: {}', ', budget: { ratio: 0.5, minPerSecond: 0.1 }', ', budget: { ratio: 0, minPerSecond: 0 }'])
}
