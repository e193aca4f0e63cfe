import type { IpFamily } from '../../model/ip-address.ts'

/** nftables' names for the IP families. */
export type NftFamily = 'ip' | 'ip6'

export function nftFamily(family: IpFamily): NftFamily {
  return family === 'IPv4' ? 'ip' : 'ip6'
}

/** The networks where node ports never answer in nftables mode, whatever the settings. */
export const LOOPBACK: Readonly<Record<NftFamily, string>> = { ip: '127.0.0.0/8', ip6: '::1' }
