import { ALIASES_MAX } from '../../scenario/load-external-name.ts'
import { withDns } from '../conditions.ts'
import { cited, entry, group } from '../parameter.ts'
import { of } from '../quantity.ts'

export const DNS = group('dns', 'DNS', [
  entry('aliasesMax', of(ALIASES_MAX), cited('coredns plugin/pkg/upstream; resolvers follow about as many'), {
    note: 'So many aliases are followed, one after the other.',
    when: withDns,
  }),
])
