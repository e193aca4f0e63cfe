import { mix32 } from '../proxy/mix.ts'

/** What a node shares connections among its cores by: the client's address and port, and where it connects to. 32 bits. */
export function flowHash(address: number, port: number, target: number): number {
  return mix32(address ^ mix32((port << 16) ^ target))
}
