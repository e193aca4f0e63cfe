import { Command } from 'commander'
import { SCHEMA_NAMES, type SchemaName } from '../schema-names.ts'
import { choice, notEmpty } from './arguments.ts'
import type { CommandContext } from './command.ts'

export function schemaCommand({ terminal, done }: CommandContext): Command {
  return new Command('schema')
    .description('print the JSON Schema of scenarios, or of what a command prints with --json')
    .addOption(choice('--of <name>', `of what (default: ${SCHEMA_NAMES[0]})`, SCHEMA_NAMES))
    .option('-o, --out <file>', 'write it into this file, rather than to stdout', notEmpty)
    .addHelpText(
      'after',
      `
Editors complete and check a scenario whose first line is:
  # yaml-language-server: $schema=scenario.schema.json

Examples:
  $ towtank schema --out scenario.schema.json
  $ towtank schema --of run | jq '.properties.variants'`,
    )
    .action(async (options: { readonly of?: SchemaName; readonly out?: string }) => {
      const { schema } = await import('../schema.ts')
      done(schema(options, terminal))
    })
}
