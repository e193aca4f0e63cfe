import { Command } from 'commander'
import type { ExportOptions } from '../export.ts'
import { choice, notEmpty } from './arguments.ts'
import type { CommandContext } from './command.ts'

export function exportCommand({ terminal, done }: CommandContext): Command {
  return new Command('export')
    .description('turn a result into a trace for Perfetto, spans for OpenTelemetry, or metrics for Prometheus')
    .argument('<folder>', 'a result that towtank run has written')
    .addOption(choice('-f, --format <format>', 'what to write', ['perfetto', 'otlp', 'prometheus']).makeOptionMandatory())
    .option('-o, --out <file>', 'where to write (default: trace.json, otlp.json or metrics.prom in the folder)', notEmpty)
    .option('--json', 'print what was written as JSON on stdout')
    .option('-q, --quiet', 'print mistakes only (and the JSON that --json asks for)')
    .addHelpText(
      'after',
      `
Requests are in it where the run has kept some: towtank run --samples 5. towtank run --traces writes all three at once.

Examples:
  $ towtank export results/rollout-under-load --format perfetto
  $ towtank export results/rollout-under-load --format otlp --out spans.json
  $ towtank export results/rollout-under-load --format prometheus
  $ promtool check metrics < results/rollout-under-load/metrics.prom`,
    )
    .action(async (folder: string, options: ExportOptions) => {
      const { exportFolder } = await import('../export.ts')
      done(await exportFolder(folder, options, terminal))
    })
}
