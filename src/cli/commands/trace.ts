import { Command } from 'commander'
import { LANGUAGE_CODES, type LanguageCode } from '../../scenario/story-language/codes.ts'
import { choice, notEmpty } from './arguments.ts'
import { type CommandContext, startJob } from './command.ts'

interface TraceOptions {
  readonly namespace?: string
  readonly variant?: string
  readonly seed?: string
  readonly all?: boolean
  readonly lang: LanguageCode
  readonly json?: boolean
  readonly quiet?: boolean
}

export function traceCommand(context: CommandContext): Command {
  return new Command('trace')
    .description('run a scenario and tell the story of one object, every hop with its cause, or of a request, step by step')
    .argument('<file>', 'scenario file')
    .argument(
      '<object>',
      'KIND/NAME, such as deployment/frontend or pod/frontend-5d8f7c-x2x7k; request/TRAFFIC/NUMBER; requests/TRAFFIC lists some',
    )
    .option('-n, --namespace <namespace>', 'namespace of the object, where its name alone does not say which is meant', notEmpty)
    .option('--variant <name>', 'the variant to run (default: the first)', notEmpty)
    .option('-s, --seed <seed>', 'seed of all random numbers, instead of the one in the file', notEmpty)
    .option('--all', 'tell every hop, also of pods that go the same way as another')
    .addOption(choice('--lang <code>', 'language of the story', LANGUAGE_CODES).default('en'))
    .option('--json', 'print the story as JSON')
    .option('-q, --quiet', 'print the story and mistakes only')
    .addHelpText(
      'after',
      `\nExamples:\n  $ towtank trace scenarios/rollout-under-load.yaml deployment/frontend\n  $ towtank trace scenarios/rollout-under-load.yaml svc/frontend -n shop --variant iptables\n  $ towtank trace scenarios/rollout-under-load.yaml deployment/frontend --lang zh\n  $ towtank trace scenarios/rollout-under-load.yaml requests/shoppers/failed\n  $ towtank trace scenarios/rollout-under-load.yaml request/shoppers/1`,
    )
    .action(async (file: string, object: string, options: TraceOptions) => {
      const { namespace = null, variant = null, seed = null, all = false, lang } = options
      const job = { kind: 'trace', file, object, namespace, variant, seed, all, language: lang } as const
      await startJob(context, job, options)
    })
}
