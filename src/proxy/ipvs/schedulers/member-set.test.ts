import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DestinationList, NO_DESTINATION } from '../destination-list.ts'
import { LoadJournal, MemberSet } from './member-set.ts'

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('join' as const), at: fc.nat(59) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), at: fc.nat(59) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('count' as const), at: fc.nat(59), active: fc.nat(3), times: fc.constantFrom(1, 1, 1, 300) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('weight' as const), at: fc.nat(59), weight: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unlink' as const), at: fc.nat(59) }) },
)

/** Sets of all sizes about the one from which a tree is kept; more changes than the journal keeps between two questions. */
test('the least loaded member is that of a walk, newest first, whatever joins, leaves and changes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.array(step, { maxLength: 80, size: 'max' }), (joined, steps) => {
      const list = new DestinationList(256)
      const journal = new LoadJournal()
      for (let at = 0; at < 60; at += 1) list.hold(list.link(at, 80, 1 + (at % 3)))
      const set = new MemberSet(list, journal, 0)
      let model = [0]
      const join = (at: number): void => {
        if (model.includes(at)) return
        expect(set.has(at)).toBe(false)
        set.add(at)
        model = [at, ...model]
      }
      for (let at = 1; at < joined; at += 1) join(at)
      for (const change of steps) {
        const { at } = change
        if (change.do === 'join') join(at)
        else if (change.do === 'leave') {
          if (model.length === 1 || !model.includes(at)) continue
          set.remove(at)
          model = model.filter((member) => member !== at)
        } else {
          if (change.do === 'count') list.count(at, change.active, 1)
          else if (change.do === 'weight') list.setWeight(at, change.weight)
          else if (list.available(at)) list.unlink(at)
          const times = change.do === 'count' ? change.times : 1
          for (let time = 0; time < times; time += 1) journal.note(at)
        }
        let least = NO_DESTINATION
        for (const member of model) {
          const weight = list.available(member) ? list.pickWeight(member) : 0
          if (weight === 0) continue
          if (least === NO_DESTINATION || list.overhead(least) * weight > list.overhead(member) * list.pickWeight(least)) least = member
        }
        expect(set.leastLoaded()).toBe(least)
        expect(set.newestFirst).toEqual(model)
      }
    }),
    { numRuns: 400 },
  )
})
