import { matchIngress } from '../../../src/ingress/path-matching.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

const PATH_TYPES: readonly string[] = ['Exact', 'Prefix', 'ImplementationSpecific']

/** Which backend answers a request: the tables of the Kubernetes documentation and the conformance suite of Ingress controllers. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const row of casesIn(file)) {
    tally.attempt(row.id, () => {
      const problem = problemWith(row)
      if (problem !== null) {
        tally.fail(row.id, problem)
        return
      }
      const backend = matchIngress<string>(row.rules, row.request.host ?? '', row.request.path)
      const got = { backend: backend ?? 'default', status: backend === null ? 404 : 200 }
      const { backend: expectedBackend = got.backend, status = got.status } = row.expected
      tally.same(row.id, got, { backend: expectedBackend, status })
    })
  }
  return tally
}

/** Why a case cannot be read, or null. */
function problemWith(row: Case): string | null {
  if (!Array.isArray(row.rules)) return 'expected a list under "rules"'
  for (const rule of row.rules) {
    if (!Array.isArray(rule.paths)) return 'expected a list under "paths" in every rule'
    for (const { path, pathType } of rule.paths) {
      if (typeof path !== 'string') return 'expected a text under "path"'
      if (!PATH_TYPES.includes(pathType)) return `the pathType ${JSON.stringify(pathType)} is none of ${PATH_TYPES.join(', ')}`
    }
  }
  if (typeof row.request?.path !== 'string') return 'expected a text under "request.path"'
  if (row.expected?.backend === undefined && row.expected?.status === undefined) return 'expected "backend" or "status" under "expected"'
  return null
}
