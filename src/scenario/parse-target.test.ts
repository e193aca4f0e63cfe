import { describe, expect, test } from 'vitest'
import { parseTarget } from './parse-target.ts'

describe('parseTarget', () => {
  test.each([
    ['http://frontend.shop.svc', { service: 'frontend', namespace: 'shop', port: null }],
    ['http://frontend.shop.svc/cart?x=1', { service: 'frontend', namespace: 'shop', port: null }],
    ['http://frontend.shop.svc:8080/cart', { service: 'frontend', namespace: 'shop', port: 8080 }],
    ['http://frontend.shop.svc.cluster.local:1', { service: 'frontend', namespace: 'shop', port: 1 }],
    ['udp://statsd.ops.svc:8125', { service: 'statsd', namespace: 'ops', port: 8125, protocol: 'UDP' }],
    ['udp://statsd.ops.svc/', { service: 'statsd', namespace: 'ops', port: null, protocol: 'UDP' }],
    ['http://frontend.shop', { service: 'frontend', namespace: 'shop', port: null }],
  ])('reads %s', (text, expected) => {
    expect(parseTarget(text)).toEqual({ ok: true, value: expected })
  })

  test.each([
    ['https://frontend.shop.svc', 'Cannot send "https" requests'],
    ['udp://statsd.ops.svc:8125/x', 'A datagram has no path'],
    ['udp://statsd', 'does not say in which namespace'],
    ['tcp://frontend.shop.svc', 'Cannot send "tcp" requests'],
    ['http://frontend', 'does not say in which namespace'],
    ['http://frontend.shop.example.org', 'is not the name of a Service'],
    ['http://Frontend.shop.svc', 'is not the name of a Service'],
    ['http://frontend.shop.svc:0', '"0" is not a port'],
    ['http://frontend.shop.svc:65536', '"65536" is not a port'],
    ['http://frontend.shop.svc:http', '"http" is not a port'],
    ['http://user@frontend.shop.svc', 'Cannot read'],
    ['http://', 'Cannot read'],
    ['', 'Cannot read'],
  ])('refuses %s', (text, why) => {
    expect(parseTarget(text)).toMatchObject({ ok: false, complaint: { message: expect.stringContaining(why) } })
  })

  test('suggests the scheme when it is all that is missing', () => {
    expect(parseTarget('frontend.shop.svc:80/x')).toMatchObject({ complaint: { didYouMean: 'http://frontend.shop.svc:80/x' } })
  })
})
