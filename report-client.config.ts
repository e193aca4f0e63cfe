import type { UserConfig } from 'tsdown'

/** How the script inside an HTML report is built, into client.js of a folder: one file for the browser, with everything in it. */
export function reportClientConfig(outDir: string): UserConfig {
  return {
    entry: { client: 'src/report/page/client/main.ts' },
    outDir,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    noExternal: [/./],
    dts: false,
    clean: false,
    outputOptions: { entryFileNames: 'client.js' },
    define: { 'process.env.NODE_ENV': '"production"' },
  }
}
