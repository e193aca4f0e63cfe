/**
 * kube-proxy's first mode, gone since Kubernetes 1.26: iptables leads to kube-proxy, which accepts the connection, connects to an endpoint,
 * and copies bytes both ways. Pure state machines: time is an argument.
 */
export { Dial } from './dial.ts'
export { build, print } from './redirects.ts'
export { RoundRobinBalancer } from './round-robin-balancer.ts'
export { UdpSockets } from './udp-sockets.ts'
