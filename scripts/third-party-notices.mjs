// A plugin of the build: the licences of every package whose code ends up in the bundle, in dist/THIRD-PARTY-NOTICES.txt.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const LICENCE_FILE = /^(licen[cs]e|copying|notice)([-.].*)?$/i

/** The folder of the package that a module belongs to; null for our own. */
function packageOf(module) {
  const path = module.replace(/^\0/, '').replace(/\?.*$/, '')
  const at = path.lastIndexOf('/node_modules/')
  if (at < 0) return null
  const names = path.slice(at + '/node_modules/'.length).split('/')
  return join(path.slice(0, at), 'node_modules', ...names.slice(0, names[0].startsWith('@') ? 2 : 1))
}

function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const texts = readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return { title: `${name} ${version} (${license ?? 'see below'})`, text: texts.join('\n\n') }
}

export function thirdPartyNotices() {
  const folders = new Set()
  return {
    name: 'third-party-notices',
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        for (const module of Object.keys(chunk.modules ?? {})) {
          const folder = packageOf(module)
          if (folder !== null && existsSync(join(folder, 'package.json'))) folders.add(folder)
        }
      }
      const notices = [...folders].map(notice).toSorted((a, b) => (a.title < b.title ? -1 : 1))
      const rule = '='.repeat(80)
      const source = notices.map(({ title, text }) => `${rule}\n${title}\n${rule}\n\n${text}\n`).join('\n')
      this.emitFile({
        type: 'asset',
        fileName: 'THIRD-PARTY-NOTICES.txt',
        source: `This package contains code of the following packages.\n\n${source}`,
      })
    },
  }
}
