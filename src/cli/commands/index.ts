import { benchCommand } from './bench.ts'
import { chartCommand } from './chart.ts'
import type { CommandDefinition } from './command.ts'
import { compareCommand } from './compare.ts'
import { completionCommand } from './completion.ts'
import { exportCommand } from './export.ts'
import { importCommand } from './import.ts'
import { initCommand } from './init.ts'
import { mergeCommand } from './merge.ts'
import { reportCommand } from './report.ts'
import { rolloutCommand } from './rollout.ts'
import { runCommand } from './run.ts'
import { schemaCommand } from './schema.ts'
import { sweepCommand } from './sweep.ts'
import { traceCommand } from './trace.ts'
import { validateCommand } from './validate.ts'
import { workerCommand } from './worker.ts'

/** Every command, in the order of the help: one more is a file beside this one and a line here. */
export const COMMANDS: readonly CommandDefinition[] = [
  runCommand,
  validateCommand,
  traceCommand,
  reportCommand,
  rolloutCommand,
  compareCommand,
  sweepCommand,
  mergeCommand,
  workerCommand,
  chartCommand,
  exportCommand,
  importCommand,
  initCommand,
  schemaCommand,
  completionCommand,
  benchCommand,
]
