/** kube-proxy's ipvs mode: what it puts into the kernel, in text, and what becomes of a packet. */
export { build, type IpvsRules } from './build.ts'
export { evaluate } from './evaluate.ts'
export { type ConnectionCount, reapDrained, reconcile, type VirtualServers } from './graceful-termination.ts'
export { print, printIpSets, printIptables } from './print.ts'
export { keyOf, type RealServer, type VirtualServer, virtualServerKey } from './virtual-server.ts'
