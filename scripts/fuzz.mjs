// Runs random scenarios with every invariant on: `npm run fuzz -- --minutes 5`.
import { bundled } from './bundle.mjs'

const { main } = await bundled('fuzz', 'test/fuzz/main.ts')
process.exitCode = await main(process.argv.slice(2), { print: console.log, complain: console.error, clock: () => performance.now() })
