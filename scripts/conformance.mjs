// Runs the conformance runner of test/conformance: `npm run conformance -- KIND FILE…`.
import { bundled } from './bundle.mjs'

const { main } = await bundled('conformance', 'test/conformance/run.ts')
process.exitCode = main(process.argv.slice(2), console.log, console.error)
