import { build } from 'tsdown'
await build({ config:false, entry:{'cli/main':'src/cli/main.ts','cli/cell-worker':'src/cli/pool/cell-worker.ts'}, outDir:'dist', format:'esm', platform:'node', target:'node20', dts:false, fixedExtension:false, logLevel:'silent'})
