/**
 * Makes assets/fonts from the fonts of the dev dependencies: the faces that charts are drawn with, cut down to what charts can write.
 *
 *   node scripts/subset-font.mjs            after new words in src/report/language, or with a newer font
 *
 * Also writes src/report/charts/font-widths.ts, how wide each character is: echarts lays text out without a browser by it.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as fontkit from 'fontkit'
import subsetFont from 'subset-font'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = `${root}assets/fonts/`
const find = (name) => fileURLToPath(import.meta.resolve(name))

/** All letters of western and central Europe, and the signs that charts draw. */
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => String.fromCodePoint(from + index)).join('')
const LATIN = `${range(0x20, 0x7e)}${range(0xa0, 0x17f)}–—‘’“”„•…‰′″←↑→↓−×÷±≈≠≤≥∞√∑µΩΔ✓✗`

/** Characters outside of Latin in the catalogues. */
const languages = `${root}src/report/language/`
const sources = readdirSync(languages).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
const written = sources.map((name) => readFileSync(languages + name, 'utf8')).join('')
const chinese = [...new Set(written)]
  .filter((character) => character.codePointAt(0) >= 0x2e80)
  .sort()
  .join('')

const FACES = [
  { file: 'inter-regular.ttf', weight: 400, from: '@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf', characters: LATIN },
  { file: 'inter-semibold.ttf', weight: 600, from: '@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf', characters: LATIN },
  { file: 'noto-sans-sc-regular.ttf', from: '@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf', characters: chinese },
  {
    file: 'noto-sans-sc-semibold.ttf',
    from: '@expo-google-fonts/noto-sans-sc/600SemiBold/NotoSansSC_600SemiBold.ttf',
    characters: chinese,
  },
]

mkdirSync(out, { recursive: true })
for (const { file, from, characters } of FACES) {
  const bytes = await subsetFont(readFileSync(find(from)), characters, { targetFormat: 'truetype', preserveNameIds: [16, 17] })
  writeFileSync(out + file, bytes)
  process.stdout.write(`${file}: ${characters.length} characters, ${bytes.length} bytes\n`)
}
copyFileSync(find('@expo-google-fonts/inter/LICENSE_FONT'), `${out}LICENSE-inter.txt`)
copyFileSync(find('@expo-google-fonts/noto-sans-sc/LICENSE_FONT'), `${out}LICENSE-noto-sans-sc.txt`)

const widths = FACES.filter(({ weight }) => weight !== undefined).map(({ file, weight }) => {
  const font = fontkit.openSync(out + file)
  const known = font.characterSet
    .toSorted((a, b) => a - b)
    .map((code) => [code, Math.round((font.glyphForCodePoint(code).advanceWidth / font.unitsPerEm) * 1000)])
  return `  ${weight}: [${known.map(([code, width]) => `${code}, ${width}`).join(', ')}],`
})
const target = `${root}src/report/charts/font-widths.ts`
writeFileSync(
  target,
  `/** Signs of the catalogues that are in the fonts beside Inter. */
export const CJK_SIGNS =
  '${chinese}'

/** Made by scripts/subset-font.mjs. By weight of Inter: a code point, its width in thousandths of the font size, and so on. */
export const FONT_WIDTHS: Readonly<Record<400 | 600, readonly number[]>> = {
${widths.join('\n')}
}
`,
)
execFileSync('npx', ['biome', 'format', '--write', target], { cwd: root, stdio: 'ignore' })
