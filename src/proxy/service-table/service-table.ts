/**
 * Where a packet's destination is looked up: (address, port, protocol) to a service.
 *
 * Two real implementations stand behind this interface, and a contract test holds them to the same answers: a rule list
 * walked from the top as iptables walks KUBE-SERVICES, and a hash table as IPVS and nftables verdict maps have it.
 */
export interface ServiceTable {
  /**
   * Binds a key to a service; a key that is there already gets the new service in its old place.
   *
   * `address` is an IPv4 address as a signed or unsigned 32-bit integer, `port` 0..65535, `protocol` 0..255, `service` an index >= 0.
   */
  add(address: number, port: number, protocol: number, service: number): void
  /** Whether the key was there. */
  remove(address: number, port: number, protocol: number): boolean
  /** The service, or {@link NO_SERVICE}. Does not allocate. */
  match(address: number, port: number, protocol: number): number
  /** Work done by the last `match`: rules examined (the hit included), or slots probed (the empty one that ended it included). */
  readonly examined: number
  /** Number of keys. */
  readonly size: number
}

export const NO_SERVICE = -1

/** Port and protocol in one int32, so that a rule is two comparisons. */
export function packPortProtocol(port: number, protocol: number): number {
  return (protocol << 16) | port
}
