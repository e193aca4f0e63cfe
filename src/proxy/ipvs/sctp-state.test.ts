import { describe, expect, test } from 'vitest'
import { SECOND } from '../../units.ts'
import * as sctp from './sctp-state.ts'
import { afterClientChunk, afterServerChunk, isSctpActive, type SctpChunk, type SctpState, sctpTimeout } from './sctp-state.ts'

const CHUNKS: readonly SctpChunk[] = [
  'data',
  'init',
  'init-ack',
  'cookie-echo',
  'cookie-ack',
  'shutdown',
  'shutdown-ack',
  'shutdown-complete',
  'error',
  'abort',
]

/** Two letters a state, in the order of their numbers. */
const NAMES = 'NO I1 IN CS CR CW CO CE ES SS SR SA RJ CL'.split(' ')
const STATES: readonly SctpState[] = [
  sctp.NONE,
  sctp.INIT1,
  sctp.INIT,
  sctp.COOKIE_SENT,
  sctp.COOKIE_REPLIED,
  sctp.COOKIE_WAIT,
  sctp.COOKIE,
  sctp.COOKIE_ECHOED,
  sctp.ESTABLISHED,
  sctp.SHUTDOWN_SENT,
  sctp.SHUTDOWN_RECEIVED,
  sctp.SHUTDOWN_ACK_SENT,
  sctp.REJECTED,
  sctp.CLOSED,
]

function row(state: SctpState, after: (state: SctpState, chunk: SctpChunk) => SctpState): string {
  return CHUNKS.map((chunk) => NAMES[after(state, chunk)]).join(' ')
}

/** A row a state, a column a chunk in the order above. Source: Linux net/netfilter/ipvs/ip_vs_proto_sctp.c. */
describe('after a packet of the client', () => {
  test.each([
    ['NO', 'ES I1 CW CR ES SR CL CL CL CL'],
    ['I1', 'I1 IN CW IN I1 I1 IN CL I1 CL'],
    ['IN', 'IN IN CW IN IN IN IN CL IN CL'],
    ['CS', 'CS CS CS CR CS CS CS CS CS CL'],
    ['CR', 'CR CR CR CR CR CR CR CR CR CL'],
    ['CW', 'CW CW CO CW CW CW CW CW CW RJ'],
    ['CO', 'CO CO CO CO CO CO CO CO CO CL'],
    ['CE', 'CE CE CE CE ES CE CE CE CL CL'],
    ['ES', 'ES ES ES ES ES SR ES ES ES CL'],
    ['SS', 'SS SS SS SS SS SS CL SS SS CL'],
    ['SR', 'SR SR SR SR SR SR SR SR SR CL'],
    ['SA', 'SA SA SA SA SA SA CL CL SA CL'],
    ['RJ', 'RJ IN RJ RJ RJ RJ RJ RJ RJ CL'],
    ['CL', 'CL IN CL CL CL CL CL CL CL CL'],
  ])('%s goes where the kernel lets it go', (name, after) => {
    expect(row(STATES[NAMES.indexOf(name)]!, afterClientChunk)).toBe(after)
  })
})

describe('after a packet of the server', () => {
  test.each([
    ['NO', 'ES CW CS CE ES SS SA CL CL CL'],
    ['I1', 'I1 CW CS CE ES SS SA I1 CL RJ'],
    ['IN', 'IN CW CS CE ES SS SA IN CL CL'],
    ['CS', 'CS CW CS CE ES SS SA CS CL CL'],
    ['CR', 'CR CW CR CE ES SS SA CR CL CL'],
    ['CW', 'CW CW CW CE ES SS CW CW CW CL'],
    ['CO', 'CO CW CO CE ES SS CO CO CO CL'],
    ['CE', 'CE CW CE CE ES SS CE CE CE CL'],
    ['ES', 'ES ES ES ES ES SS ES ES ES CL'],
    ['SS', 'SS CW SS SS SS SS SA SS SS CL'],
    ['SR', 'SR CW SR SR SR SR SA SR SR CL'],
    ['SA', 'SA CW SA SA SA SA SA SA SA CL'],
    ['RJ', 'RJ CW RJ RJ RJ RJ RJ RJ RJ CL'],
    ['CL', 'CL CW CL CL CL CL CL CL CL CL'],
  ])('%s goes where the kernel lets it go', (name, after) => {
    expect(row(STATES[NAMES.indexOf(name)]!, afterServerChunk)).toBe(after)
  })
})

test('an association is active while it is established, and only then', () => {
  expect(STATES.filter(isSctpActive)).toEqual([sctp.ESTABLISHED])
})

test('each state waits as long as in the kernel', () => {
  expect(STATES.map((state) => sctpTimeout(state) / SECOND)).toEqual([2, 4, 61, 61, 61, 61, 61, 61, 900, 61, 61, 61, 4, 61])
})
