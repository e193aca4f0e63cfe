import { describe, expect, test } from 'vitest'
import { flow, plainTable } from './terminal-layout.ts'

describe('text in a terminal', () => {
  test('flows by columns, not by characters', () => {
    expect(flow(['aa', 'bb', 'cc'], 7)).toEqual(['aa   bb', 'cc'])
    expect(flow(['差', '异', '在'], 7)).toEqual(['差   异', '在'])
    expect(flow(['\u001b[31m差\u001b[39m', '异'], 7)).toEqual(['\u001b[31m差\u001b[39m   异'])
  })

  test('stands in columns of a table', () => {
    expect(
      plainTable({
        head: ['', '数'],
        rows: [
          ['延迟', '7'],
          ['p', '12'],
        ],
        texts: 1,
      }),
    ).toBe('      数\n延迟   7\np     12')
  })
})
