// Makes `npx towtank` in a clone run the clone's own build, without asking any registry: npm links only the commands of dependencies.
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url))
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
mkdirSync(folder, { recursive: true })
chmodSync(main, 0o755)
rmSync(`${folder}towtank`, { force: true })
if (process.platform === 'win32') writeFileSync(`${folder}towtank.cmd`, `@node "${main}" %*\r\n`)
else symlinkSync('../../dist/cli/main.js', `${folder}towtank`)
