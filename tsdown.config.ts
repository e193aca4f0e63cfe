import { defineConfig } from 'tsdown'
import { reportClientConfig } from './report-client.config.ts'
import { thirdPartyNotices } from './scripts/third-party-notices.mjs'

/** What is in `dependencies` is installed beside the package; all other packages are bundled, so that users install little and start fast. */
export default defineConfig([
  {
    entry: {
      index: 'src/index.ts',
      charts: 'src/library/charts.ts',
      engine: 'src/engine/index.ts',
      proxy: 'src/proxy/index.ts',
      'cli/main': 'src/cli/main.ts',
      'cli/cell-worker': 'src/cli/pool/cell-worker.ts',
    },
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: { entry: ['src/index.ts', 'src/library/charts.ts', 'src/engine/index.ts', 'src/proxy/index.ts'] },
    clean: true,
    fixedExtension: false,
    inlineOnly: false,
    // Names stay, so that a stack still says where a mistake of ours is.
    minify: {
      compress: { target: 'node20', keepNames: { function: true, class: true } },
      mangle: false,
      codegen: { removeWhitespace: true },
    },
    plugins: [thirdPartyNotices()],
  },
  reportClientConfig('dist/report'),
])
