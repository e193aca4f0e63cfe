import { writeFileSync, readdirSync, existsSync } from 'node:fs'
import { test } from 'vitest'
import { LANGUAGES } from '../language/index.ts'
import { kindsFor } from './kinds.ts'
import { svgToPng } from './static/png.ts'
import { readTable } from './static/read-table.ts'
import { chartToSvg } from './static/svg.ts'
import { THEMES } from './theme.ts'

test('draw', async () => {
  const folder = process.env.FOLDER!
  const tables = new Map()
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.csv')) continue
    try { const t = await readTable(`${folder}/${name}`); tables.set(t.name, t.table) } catch (e) { console.log(name, (e as Error).message) }
  }
  for (const kind of kindsFor(tables.keys())) {
    if (process.env.KIND && process.env.KIND !== kind.name) continue
    const chart = kind.prepare(tables, JSON.parse(process.env.CHOICE ?? '{}'))
    const lang = (process.env.LANG2 ?? 'en') as 'en'
    const words = LANGUAGES[lang].charts
    const theme = THEMES[(process.env.THEME ?? 'light') as 'light']
    const width = Number(process.env.WIDTH ?? 900)
    const svg = chartToSvg(chart, { theme, words, width, height: chart.height(width), interactive: false, heading: true, footer: 'scenario x, seed 42' })
    const out = `/tmp/g1-out/${process.env.NAME ?? 'a'}-${kind.name}-${theme.name}-${lang}`
    writeFileSync(`${out}.svg`, svg); writeFileSync(`${out}.png`, svgToPng(svg))
    console.log(out)
  }
})
