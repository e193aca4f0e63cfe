/** kube-proxy's nftables mode: the table it makes of a state, as text, as a packet sees it, and how it is brought up to date. */
export { apply } from './apply.ts'
export { build } from './build.ts'

export { diff, print } from './diff.ts'
export { evaluate } from './evaluate.ts'
export type { Chain, Ruleset } from './ruleset.ts'
