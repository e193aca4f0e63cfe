import * as echarts from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { CHART_COMPONENTS } from '../../charts/components.ts'
import { kindsFor } from '../../charts/kinds.ts'
import type { TableName, Tables } from '../../charts/tables.ts'
import { LANGUAGES } from '../../language/index.ts'
import { PAGE_WORDS } from '../../language/page.ts'
import { chartTable } from './chart-tables.ts'
import { Charts } from './charts.ts'
import { embeddedTable } from './decode.ts'
import { byId, element } from './elements.ts'

/** The inside of a report: reads what is embedded in the page, and draws it. */
interface Settings {
  readonly language: keyof typeof PAGE_WORDS
  readonly variants: readonly string[]
  readonly seconds: number
  readonly tables: readonly TableName[]
}

echarts.use([...CHART_COMPONENTS, CanvasRenderer])

async function start(): Promise<void> {
  const settings = JSON.parse(byId('settings').textContent ?? '') as Settings
  const words = {
    page: PAGE_WORDS[settings.language],
    charts: LANGUAGES[settings.language].charts,
  }
  try {
    const tables: Tables = new Map(
      await Promise.all(settings.tables.map(async (name) => [name, chartTable(await embeddedTable(name))] as const)),
    )
    const charts = new Charts({ ...settings, tables, words, kinds: kindsFor(tables.keys()) })
    charts.draw()
    document.body.dataset.ready = 'true'
  } catch (error) {
    byId('figures').replaceChildren(element('p', { className: 'bad' }, `${words.page.charts.failed} ${String(error)}`))
    throw error
  }
}

void start()
