import { expect, test } from 'vitest'
import { ApiClient } from '../../src/control-plane/api-client.ts'
import { emptyMeta } from '../../src/control-plane/empty-meta.ts'
import { ADMINISTRATOR } from '../../src/control-plane/identity.ts'
import { MILLISECOND, SECOND } from '../../src/units.ts'
import { serviceOf, Testbed } from './testbed.ts'

const [ADDRESS, OTHER] = ['10.96.0.50', '10.96.0.51']
const BECAUSE = { cause: -1, why: 'test' }

function clientOf(bed: Testbed): ApiClient {
  return new ApiClient(bed.plane.access, {
    actor: 'test',
    identity: ADMINISTRATOR,
    limit: null,
    network: 'kubectlNetwork',
    retries: 'caller',
  })
}

/** Whether a new Service gets the address. */
function isFree(bed: Testbed, clusterIP: string): boolean {
  const before = bed.plane.kubectl.refusals.length
  const { spec } = serviceOf('probe', { clusterIP })
  const probe = { ...serviceOf('probe'), metadata: emptyMeta(`probe-${before}-${clusterIP.replaceAll('.', '-')}`, 'default'), spec }
  bed.plane.kubectl.run({ verb: 'apply', objects: [probe] }, 'apply')
  bed.sim.run(bed.sim.now + 5 * SECOND)
  return bed.plane.kubectl.refusals.length === before
}

test('a Service that is deleted gives its address back, even if whoever asked for it has died before the answer', () => {
  const bed = new Testbed()
  bed.plane.kubectl.run({ verb: 'apply', objects: [serviceOf('web', { clusterIP: ADDRESS })] }, 'apply')
  bed.sim.run(5 * SECOND)
  expect(isFree(bed, ADDRESS)).toBe(false)
  const asking = bed.sim.spawn(clientOf(bed).delete('Service', 'default', 'web', null, BECAUSE))
  let died = false
  bed.plane.server.observeCommits(({ type, object }) => {
    if (type !== 'DELETED' || object.kind !== 'Service') return
    died = true
    asking.kill()
  })
  bed.sim.run(bed.sim.now + 5 * SECOND)
  expect(died).toBe(true)
  expect(isFree(bed, ADDRESS)).toBe(true)
})

test('the address of a Service that came too late is given back, even if whoever asked for it has died before the answer', () => {
  // Both are admitted at once, and each has its address before the other is stored.
  const constant = { kind: 'constant', value: MILLISECOND } as const
  const bed = new Testbed({ latencies: { authentication: constant, authorization: constant, admission: constant } })
  bed.sim.run(SECOND)
  const client = clientOf(bed)
  const asking = [ADDRESS, OTHER].map((clusterIP) => bed.sim.spawn(client.create(serviceOf('web', { clusterIP }), BECAUSE)))
  bed.plane.server.observeCommits(({ type, object }) => {
    if (type === 'ADDED' && object.metadata.name === 'web') for (const process of asking) process.kill()
  })
  bed.sim.run(bed.sim.now + 5 * SECOND)
  const stored = bed.plane.server.peek('Service', 'default', 'web')!.spec.clusterIP
  const [taken, free] = stored === ADDRESS ? [ADDRESS, OTHER] : [OTHER, ADDRESS]
  expect(isFree(bed, taken)).toBe(false)
  expect(isFree(bed, free)).toBe(true)
})
