import { describe, expect, test } from 'vitest'
import * as names from './names.ts'

describe('name rules', () => {
  test.each<[string, names.NameRule, string[], string[]]>([
    ['DNS label', names.complaintsAboutDns1123Label, ['web', '1a', 'a'.repeat(63)], ['', 'Web', 'a.b', '-a', 'a'.repeat(64)]],
    ['DNS subdomain', names.complaintsAboutDns1123Subdomain, ['a.b', '1.2'], ['a..b', 'A', 'a_b']],
    ['Service name', names.complaintsAboutDns1035Label, ['web-1'], ['1web', 'web-']],
    ['label key', names.complaintsAboutLabelKey, ['app', 'a.io/App_1'], ['', '/x', 'a/b/c', 'A.io/x', 'a/']],
    ['label value', names.complaintsAboutLabelValue, ['', 'v1.2_3'], ['-a', 'a b', 'a'.repeat(64)]],
    ['annotation key', names.complaintsAboutAnnotationKey, ['A.io/x'], ['a b']],
    ['port name', names.complaintsAboutPortName, ['http', 'p-80'], ['80', 'a--b', 'HTTP', 'sixteencharacter']],
    ['address', names.complaintsAboutIp, ['10.0.0.1', 'fd00::1', '1::'], ['10.0.0.01', '10.0.0', '::FFFF', '1:0:0:0:0:0:0:1', 'x']],
    ['network', names.complaintsAboutCidr, ['10.0.0.0/8', '0.0.0.0/0'], ['10.0.0.1/8', '10.0.0.0/33', '10.0.0.0']],
  ])('%s', (_rule, complaintsAbout, valid, invalid) => {
    expect(valid.filter((value) => complaintsAbout(value).length > 0)).toEqual([])
    expect(invalid.filter((value) => complaintsAbout(value).length === 0)).toEqual([])
  })

  test('every broken rule is told', () => {
    expect(names.complaintsAboutDns1123Label(`${'A'.repeat(64)}`)).toHaveLength(2)
  })
})
