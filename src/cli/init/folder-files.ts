import { SCHEMA_FILE } from './schema-file.ts'
import type { Template } from './template.ts'

/** Every file of a new folder by its path in it. `schema` is the JSON Schema of scenarios as text. */
export function folderFiles(template: Template, schema: string): Readonly<Record<string, string>> {
  const manifests = Object.entries(template.manifests).map(([name, text]) => [`manifests/${name}`, text] as const)
  return {
    'scenario.yaml': `# yaml-language-server: $schema=${SCHEMA_FILE}\n${template.scenario}`,
    ...Object.fromEntries(manifests),
    [SCHEMA_FILE]: schema,
    'README.md': readme(template),
    '.gitignore': 'results/\n',
  }
}

function readme({ name, summary, look, manifests }: Template): string {
  const names = Object.keys(manifests).map((file) => `\`manifests/${file}\``)
  return `# ${name}

A Towtank scenario: ${summary}.

\`\`\`
npx towtank run scenario.yaml
npx towtank run scenario.yaml --seed 7
npx towtank trace scenario.yaml deployment/web
\`\`\`

${look.join('\n')}

- \`scenario.yaml\` says what the cluster is, who sends requests, what happens when, and what must hold.
- ${names.join(' and ')}: what you would give to \`kubectl apply\`. Put your own in their place.
- \`${SCHEMA_FILE}\` lets an editor complete and check \`scenario.yaml\`; \`towtank schema --out ${SCHEMA_FILE}\` writes it anew. It may be deleted.
- \`results/\` is what runs write.

Change a number, such as \`replicas\` in the manifest or the rate of the traffic, and run it again. The same input and seed always
give the same bytes. \`towtank validate scenario.yaml\` checks without running.
`
}
