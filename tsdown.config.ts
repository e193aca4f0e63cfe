import { defineConfig } from 'tsdown'
import { reportClientConfig } from './report-client.config.ts'
import { thirdPartyNotices } from './scripts/third-party-notices.mjs'

/** What is in `dependencies` is installed beside the package; all other packages are bundled, so that users install little and start fast. */
export default defineConfig([
  {
    entry: { index: 'src/index.ts', 'cli/main': 'src/cli/main.ts', 'cli/cell-worker': 'src/cli/pool/cell-worker.ts' },
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: { entry: ['src/index.ts'] },
    clean: true,
    fixedExtension: false,
    inlineOnly: false,
    plugins: [thirdPartyNotices()],
  },
  reportClientConfig('dist/report'),
])
