// Writes into the pages of docs/, and into the types of scenarios, what they take from the code: `npm run docs`.
import { bundled, root } from './bundle.mjs'

const { writePages } = await bundled('docs', 'src/docs/write-pages.ts')
await writePages(root, console.log)
