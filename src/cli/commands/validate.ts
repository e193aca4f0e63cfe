import { Command } from 'commander'
import type { ValidateOptions } from '../validate.ts'
import type { CommandContext } from './command.ts'

export function validateCommand({ terminal, done }: CommandContext): Command {
  return new Command('validate')
    .description('check scenarios and sweeps, with everything they refer to, without running them')
    .argument('<file...>', 'scenario or sweep files')
    .option('--json', 'print what was found as JSON on stdout')
    .option('-q, --quiet', 'print mistakes only')
    .addHelpText(
      'after',
      `\nExamples:\n  $ towtank validate scenarios/rollout-under-load.yaml\n  $ towtank validate scenarios/*.yaml scenarios/sweeps/*.yaml --json --quiet`,
    )
    .action(async (files: string[], options: ValidateOptions) => {
      const [{ validate }, { diskFiles }] = await Promise.all([import('../validate.ts'), import('../disk-files.ts')])
      done(await validate(files, options, terminal, diskFiles))
    })
}
