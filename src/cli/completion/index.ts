import type { Command } from 'commander'
import { bashCompletion } from './bash.ts'
import { commandTree } from './command-tree.ts'
import { fishCompletion } from './fish.ts'
import type { Shell } from './shells.ts'
import { zshCompletion } from './zsh.ts'

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

/** The script that teaches a shell this command line. */
export function completionFor(shell: Shell, program: Command): string {
  return SHELLS[shell](commandTree(program))
}
