/** kube-proxy's ipvs mode: what it puts into the kernel, in text, and what becomes of a packet. */
export { build, type IpvsRules } from './build.ts'
export { evaluate } from './evaluate.ts'

export { print, printIpSets, printIptables } from './print.ts'
