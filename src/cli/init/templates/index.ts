import type { Template } from '../template.ts'
import { HELLO } from './hello.ts'
import { NODE_DEATH } from './node-death.ts'
import { PROXY_MODES } from './proxy-modes.ts'
import { ROLLOUT } from './rollout.ts'
import { SLOW_POD } from './slow-pod.ts'

/** Every template, in the order in which they are offered: one more is a file beside this one, a line here and its name in `names.ts`. */
export const TEMPLATES: readonly Template[] = [HELLO, ROLLOUT, PROXY_MODES, NODE_DEATH, SLOW_POD]
