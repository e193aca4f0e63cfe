// Writes into the pages of docs/ what they take from the code: `npm run docs`.
import { bundled, root } from './bundle.mjs'

const { writePages } = await bundled('docs', 'src/docs/write-pages.ts')
writePages(root, console.log)
