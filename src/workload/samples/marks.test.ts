import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromRouted, Marks, routed } from './marks.ts'

/** Lists are the model: whatever is added to whichever span, each has its own marks in order, and closed ones give all that they had back. */
test('keep the marks of each span in order, and use chunks again', () => {
  const step = fc.record({ span: fc.nat(7), count: fc.nat(40), closes: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const marks = new Marks()
      marks.growSpans(8)
      const model = new Map<number, { time: number; kind: number; extra: number }[]>()
      let time = 0
      for (const { span, count, closes } of steps) {
        if (!model.has(span)) {
          marks.open(span)
          model.set(span, [])
        }
        for (let i = 0; i < count; i++) {
          const mark = { time: time++, kind: (time * 7) % 57, extra: time % 3 === 0 ? 2 ** 40 + time : time }
          marks.add(span, mark.time, mark.kind, mark.extra)
          model.get(span)!.push(mark)
        }
        if (closes) {
          marks.close(span)
          model.delete(span)
        }
        for (const [open, expected] of model) expect(marks.of(open)).toEqual(expected)
      }
      for (const span of model.keys()) marks.close(span)
      expect(marks.used).toBe(0)
    }),
  )
})

test.each([
  [0, 0],
  [12, 70_000],
  [4999, -1],
  [3, -3],
])('the verdict %i, %i of a node comes back', (node, verdict) => {
  expect(fromRouted(routed(node, verdict))).toEqual({ node, verdict })
})
