import { Command } from 'commander'
import type { ImportOptions } from '../import.ts'
import { notEmpty } from './arguments.ts'
import type { CommandContext } from './command.ts'

export function importCommand({ version, terminal, done }: CommandContext): Command {
  return new Command('import')
    .description("make a scenario of a real cluster's dumps: objects that kubectl prints, and the rules of its nodes")
    .argument('<file...>', 'dumps, or folders of them')
    .option('-o, --out <folder>', 'where to write (default: ./<name>)')
    .option('--name <name>', 'what the scenario is called (default: imported)', notEmpty)
    .option('--json', 'print what was found as JSON on stdout, and text on stderr')
    .option('-q, --quiet', 'print mistakes only (and the JSON that --json asks for)')
    .addHelpText(
      'after',
      `
Reads outputs of kubectl get … -o yaml (or json), iptables-save, ipvsadm -Sn and nft -j list ruleset, told apart by what is in them.
Writes scenario.yaml, manifests.yaml and import.json, all or none of them. What no dump knows is marked ASSUMED in scenario.yaml.
Secrets, environment variables, arguments and data of ConfigMaps are never copied.

Examples:
  $ kubectl get nodes,services,endpointslices,deployments,statefulsets,daemonsets,pods -A -o yaml > cluster.yaml
  $ iptables-save > node-1.iptables
  $ towtank import cluster.yaml node-1.iptables --name shop
  $ towtank run shop/scenario.yaml`,
    )
    .action(async (files: string[], options: ImportOptions) => {
      const [{ importCommandFiles }, { diskFiles }] = await Promise.all([import('../import.ts'), import('../disk-files.ts')])
      done(await importCommandFiles(files, options, { terminal, version, files: diskFiles }))
    })
}
