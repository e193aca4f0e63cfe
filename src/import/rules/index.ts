import type { Problems } from '../problems.ts'
import { readIptables } from './iptables-services.ts'
import { readIpvs } from './ipvs-services.ts'
import { readNftables } from './nftables-services.ts'
import type { RuleDump } from './rule-dump.ts'

/** Readers of what each mode of kube-proxy leaves in the kernel, by the kind of the dump. */
export const RULE_READERS = { iptables: readIptables, ipvs: readIpvs, nftables: readNftables } satisfies Readonly<
  Record<RuleDump['mode'], (file: string, text: string) => { readonly dump: RuleDump; readonly problems: Problems }>
>
