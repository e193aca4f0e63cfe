import { benchCommand } from './bench.ts'
import { chartCommand } from './chart.ts'
import type { CommandDefinition } from './command.ts'
import { compareCommand } from './compare.ts'
import { importCommand } from './import.ts'
import { rolloutCommand } from './rollout.ts'
import { runCommand } from './run.ts'
import { traceCommand } from './trace.ts'
import { validateCommand } from './validate.ts'

/** Every command, in the order of the help: one more is a file beside this one and a line here. */
export const COMMANDS: readonly CommandDefinition[] = [
  runCommand,
  validateCommand,
  traceCommand,
  rolloutCommand,
  compareCommand,
  chartCommand,
  importCommand,
  benchCommand,
]
