import { expect, test } from 'vitest'
import { LANGUAGES } from '../language/index.ts'
import { sampleTables, tableFrom } from './sample-tables.fixture.ts'
import type { TableName } from './tables.ts'
import { THEMES } from './theme.ts'
import { variantComparison } from './variant-comparison.ts'

test('the imbalance is that of pods of one namespace, also where another has a workload of the same name', () => {
  const pods = tableFrom(
    'pods',
    ['variant', 'namespace', 'pod', 'at_end', 'listened_s', 'requests', 'requests_per_s'],
    ['iptables', 'ipvs'].flatMap((variant) => [
      [variant, 'shop', 'web-0', 'listening', 10, 100, 10],
      [variant, 'shop', 'web-1', 'listening', 10, 300, 30],
      [variant, 'test', 'web-0', 'listening', 10, 1, 0.1],
    ]),
  )
  const chart = variantComparison.prepare(new Map<TableName, ReturnType<typeof tableFrom>>([...sampleTables(), ['pods', pods]]))
  const option = JSON.stringify(
    chart.option({ theme: THEMES.light, words: LANGUAGES.en.charts, width: 900, height: 400, interactive: false, heading: true }),
  )
  // Of 10 and 30: the busiest over the mean. With the third pod it would be 2.24.
  expect(option.match(/"text":"[\d.]+×"/g)).toEqual(['"text":"1.5×"', '"text":"1.5×"'])
  expect(option).toContain('"text":"of web"')
})
