import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { svgToPng } from './png.ts'

const hash = (words: string, weight: number): string =>
  createHash('sha256')
    .update(
      svgToPng(
        `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40" font-family="Inter, 'Noto Sans SC'"><text x="5" y="30" font-size="24" font-weight="${weight}">${words}</text></svg>`,
      ),
    )
    .digest('hex')

test.each(['Pod', '连接'])('%s has its own face in each weight', (words) => {
  expect(hash(words, 600)).not.toBe(hash(words, 400))
  expect(hash(words, 400)).not.toBe(hash('', 400))
})
