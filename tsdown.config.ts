import { defineConfig } from 'tsdown'
import { reportClientConfig } from './report-client.config.ts'

export default defineConfig([
  {
    entry: { index: 'src/index.ts', 'cli/main': 'src/cli/main.ts', 'cli/cell-worker': 'src/cli/pool/cell-worker.ts' },
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: true,
    clean: true,
    fixedExtension: false,
  },
  reportClientConfig('dist/report'),
])
