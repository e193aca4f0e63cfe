import { cancel, intro, isCancel, select, text } from '@clack/prompts'
import { TEMPLATES } from './templates/index.ts'
import type { TemplateName } from './templates/names.ts'
import { whyNoNewFolder } from './write-folder.ts'

/** What the user wants, by asking in the terminal; null when they would rather not. */
export async function ask(defaultFolder: string): Promise<{ readonly folder: string; readonly template: TemplateName } | null> {
  intro('A new Towtank scenario')
  const folder = await text({
    message: 'In which folder?',
    placeholder: defaultFolder,
    defaultValue: defaultFolder,
    validate: (value) => whyNoNewFolder(value === undefined || value === '' ? defaultFolder : value) ?? undefined,
  })
  if (isCancel(folder)) return given()
  const template = await select({
    message: 'Which example?',
    options: TEMPLATES.map(({ name, summary }) => ({ value: name as TemplateName, label: name, hint: summary })),
  })
  if (isCancel(template)) return given()
  return { folder, template }
}

function given(): null {
  cancel('Nothing has been written')
  return null
}
