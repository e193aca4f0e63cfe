import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The pages of the documentation, by their paths in the repository: README.md and all of docs/. */
export function pages(root: string): readonly { readonly path: string; readonly text: string }[] {
  const below = (folder: string): string[] =>
    readdirSync(join(root, folder))
      .toSorted()
      .flatMap((name) => {
        const path = `${folder}/${name}`
        return statSync(join(root, path)).isDirectory() ? below(path) : path.endsWith('.md') ? [path] : []
      })
  return ['README.md', ...below('docs')].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}
