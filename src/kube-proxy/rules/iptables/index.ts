export { build, buildSync, isLargeCluster } from './build.ts'
export { countRules } from './count.ts'
export { evaluate } from './evaluate.ts'
export { printHooks } from './hooks.ts'

export { print } from './print.ts'
export type { IptablesRules } from './rule.ts'
export { applyRestore, changedServices, partialSync } from './sync.ts'
