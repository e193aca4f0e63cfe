/**
 * The ways between the processes that are clients of the API and the machines of the API servers, where faults can cut them. Clients of which it
 * is not known where they run (kubectl, what stands beside an API server) reach every server.
 */
export interface ApiPaths {
  /** Whether it is known where the client process of that name runs. */
  concerns(client: string): boolean
  /** What the client process sends comes to that server now. */
  isOpenTo(client: string, server: number): boolean
  /** What that server sends comes to the client process now. */
  isOpenFrom(client: string, server: number): boolean
  /** A connection of the client, or its attempt at one, is held up by what cuts the way. */
  heldUp(client: string, server: number): void
  /** The server gets answers from etcd, as long as that has a leader. */
  reachesEtcd(server: number): boolean
  /** Called when that may have changed. */
  onChange(listener: () => void): void
}
