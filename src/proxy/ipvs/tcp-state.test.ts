import { describe, expect, test } from 'vitest'
import {
  afterClient,
  afterServer,
  CLOSE,
  CLOSE_WAIT,
  ESTABLISHED,
  FIN_WAIT,
  isActive,
  NEW,
  SYN_RECEIVED,
  type TcpFlag,
  type TcpState,
  TIME_WAIT,
} from './tcp-state.ts'

/** The kernel's table for these states, row by row. Source: Linux net/netfilter/ipvs/ip_vs_proto_tcp.c. */
const FLAGS: readonly TcpFlag[] = ['syn', 'fin', 'ack', 'rst']

describe('after a segment of the client', () => {
  test.each<[string, TcpState, readonly TcpState[]]>([
    // state, after SYN, FIN, ACK, RST
    ['a new connection', NEW, [SYN_RECEIVED, CLOSE, ESTABLISHED, CLOSE]],
    ['SYN_RECEIVED', SYN_RECEIVED, [SYN_RECEIVED, TIME_WAIT, ESTABLISHED, SYN_RECEIVED]],
    ['ESTABLISHED', ESTABLISHED, [ESTABLISHED, CLOSE_WAIT, ESTABLISHED, CLOSE]],
    ['FIN_WAIT', FIN_WAIT, [SYN_RECEIVED, TIME_WAIT, FIN_WAIT, CLOSE]],
    ['CLOSE_WAIT', CLOSE_WAIT, [SYN_RECEIVED, CLOSE_WAIT, CLOSE_WAIT, CLOSE]],
    ['TIME_WAIT', TIME_WAIT, [SYN_RECEIVED, TIME_WAIT, TIME_WAIT, CLOSE]],
    ['CLOSE', CLOSE, [SYN_RECEIVED, CLOSE, CLOSE, CLOSE]],
  ])('%s goes where the kernel lets it go', (_name, state, after) => {
    expect(FLAGS.map((flag) => afterClient(state, flag))).toEqual(after)
  })
})

describe('after a segment of the server', () => {
  test.each<[string, TcpState, readonly TcpState[]]>([
    ['SYN_RECEIVED', SYN_RECEIVED, [SYN_RECEIVED, TIME_WAIT, ESTABLISHED, CLOSE]],
    ['ESTABLISHED', ESTABLISHED, [ESTABLISHED, FIN_WAIT, ESTABLISHED, CLOSE]],
  ])('%s goes where the kernel lets it go', (_name, state, after) => {
    expect(FLAGS.map((flag) => afterServer(state, flag))).toEqual(after)
  })

  // The kernel takes a server's SYN here for a connection that the server begins (SYN_SENT). A server in the model begins none.
  test.each<[string, TcpState, readonly TcpState[]]>([
    ['FIN_WAIT', FIN_WAIT, [FIN_WAIT, FIN_WAIT, CLOSE]],
    ['CLOSE_WAIT', CLOSE_WAIT, [TIME_WAIT, CLOSE_WAIT, CLOSE]],
    ['TIME_WAIT', TIME_WAIT, [TIME_WAIT, TIME_WAIT, TIME_WAIT]],
    ['CLOSE', CLOSE, [CLOSE, CLOSE, CLOSE]],
  ])('%s goes where the kernel lets it go', (_name, state, after) => {
    expect(FLAGS.slice(1).map((flag) => afterServer(state, flag))).toEqual(after)
  })
})

test('a connection is active until its first FIN or RST', () => {
  const states: TcpState[] = [NEW, SYN_RECEIVED, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, TIME_WAIT, CLOSE]
  expect(states.filter(isActive)).toEqual([SYN_RECEIVED, ESTABLISHED])
})
