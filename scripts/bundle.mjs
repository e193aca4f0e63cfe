// Bundles one TypeScript entry point outside `src` and imports it: the scripts that run such code share this.
import { fileURLToPath } from 'node:url'
import { build } from 'tsdown'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** `name` is the folder of the bundle below node_modules/.cache. */
export async function bundled(name, entry) {
  const folder = `${root}node_modules/.cache/towtank-${name}/`
  await build({
    cwd: root,
    config: false,
    entry: { run: entry },
    outDir: folder,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: false,
    fixedExtension: true,
    logLevel: 'error',
  })
  return import(`file://${folder}run.mjs`)
}
