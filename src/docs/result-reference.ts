import { COLUMN_MEANINGS } from '../report/column-meanings.ts'
import { code, table } from './markdown.ts'

/** The columns of a result file, such as `requests.csv`. */
export function columnTable(file = ''): string {
  const columns = COLUMN_MEANINGS[file.replace(/\.csv$/, '')]
  if (columns === undefined) throw new Error(`No result file is called "${file}": there are ${Object.keys(COLUMN_MEANINGS).join(', ')}`)
  return table(
    ['column', 'unit', 'meaning'],
    Object.entries(columns).map(([name, { unit, meaning }]) => [code(name), unit, meaning]),
  )
}
