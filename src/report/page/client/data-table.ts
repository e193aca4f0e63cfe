import { type ColumnTable, isRead, type TableName } from '../../charts/tables.ts'
import { element } from './elements.ts'

/** Rows of a table that are put on the page at most. */
export const ROWS_SHOWN = 300

/** The rows of a table as charts read them, with every number as the CSV file has it. Columns in which nothing happened are left out. */
export function dataTable(name: TableName, table: ColumnTable, caption: string): HTMLTableElement {
  const columns = table.names.filter((column) => isRead(name, column) && says(table, column))
  const head = element(
    'tr',
    {},
    ...columns.map((column) => element('th', { scope: 'col', className: isText(table, column) ? '' : 'number' }, column)),
  )
  const rows = Array.from({ length: Math.min(ROWS_SHOWN, table.rows) }, (_, row) =>
    element(
      'tr',
      {},
      ...columns.map((column) => element('td', { className: isText(table, column) ? '' : 'number' }, cell(table, column, row))),
    ),
  )
  return element('table', {}, element('caption', {}, caption), element('thead', {}, head), element('tbody', {}, ...rows))
}

function isText(table: ColumnTable, column: string): boolean {
  return table.column(column).kind === 'text'
}

function says(table: ColumnTable, name: string): boolean {
  const column = table.column(name)
  return column.kind === 'text' || !name.startsWith('failed_') || column.values.some((value) => value > 0)
}

function cell(table: ColumnTable, name: string, row: number): string {
  const column = table.column(name)
  if (column.kind === 'text') return column.texts[column.codes[row]!]!
  const value = column.values[row]!
  return Number.isNaN(value) ? '' : String(value)
}
