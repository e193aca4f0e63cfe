import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The path of a file in the package's `assets` folder: of the sources, and of the bundle in `dist`, wherever in there this code ends up. */
export function assetPath(name: string): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const path = join(folder, 'assets', name)
    if (existsSync(path)) return path
    if (dirname(folder) === folder) throw new Error(`The package has no assets/${name}`)
  }
}

/** The faces that pictures are drawn with. */
export const FONT_FILES: readonly string[] = ['inter-regular', 'inter-semibold', 'noto-sans-sc-regular', 'noto-sans-sc-semibold'].map(
  (name) => `fonts/${name}.ttf`,
)
