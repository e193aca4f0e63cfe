import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NOT_READY, READY, TestCluster } from '../workload/test-cluster.ts'
import { SharedRoutes } from './shared-routes.ts'

const NAMES = ['a', 'b', 'c'] as const
const NODES = 3

/** What happens: a Service comes with that policy or goes, its endpoints change, or a node programs what is `back` revisions old or yet to come. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('service' as const), name: fc.constantFrom(...NAMES), deleted: fc.boolean(), local: fc.boolean() }),
  fc.record({ kind: fc.constant('slice' as const), name: fc.constantFrom(...NAMES), ready: fc.array(fc.boolean(), { maxLength: 4 }) }),
  fc.record({
    kind: fc.constant('program' as const),
    node: fc.nat(NODES - 1),
    back: fc.integer({ min: -2, max: 3 }),
    backSlices: fc.integer({ min: -2, max: 3 }),
  }),
)

/** The history itself is the slow, obvious model. */
test('gives what the history says, wherever the nodes stand and whatever was asked before', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const c = new TestCluster({ zones: Array.from({ length: NODES }, () => 'a') })
      const { history, rules } = c.dataPlane
      const routes = new SharedRoutes(rules)
      for (const one of steps) {
        if (one.kind === 'service') {
          c.service(one.name, { deleted: one.deleted, spec: one.local ? { internalTrafficPolicy: 'Local' } : {} })
        } else if (one.kind === 'slice') {
          c.slice(
            one.name,
            one.ready.map((ready, index) => [`10.0.0.${index + 1}`, ready ? READY : NOT_READY]),
          )
        } else {
          rules.program(one.node, Math.max(0, c.revision - one.back), Math.max(0, c.revision - one.backSlices))
        }
        for (let node = 0; node < NODES; node++) {
          for (const name of NAMES) {
            const port = history.servicePort('shop', name, 80, 'TCP')
            const expected = history.rules(port, rules.serviceRevisions[node]!)
            expect(routes.find(node, port)).toBe(expected !== null && !expected.internalLocal)
            if (expected === null || expected.internalLocal) continue
            expect(routes.rulesOf(port)).toBe(expected)
            expect(routes.servedOf(port)).toBe(rules.endpoints(node, expected).cluster(node))
          }
        }
      }
    }),
    { numRuns: 200 },
  )
})
