import { API_CLIENT } from './groups/api-client.ts'
import { API_OBJECTS } from './groups/api-objects.ts'
import { API_SERVER } from './groups/api-server.ts'
import { AUTOSCALING } from './groups/autoscaling.ts'
import { CLIENTS } from './groups/clients.ts'
import { CONNTRACK } from './groups/conntrack.ts'
import { CONTROLLERS } from './groups/controllers.ts'
import { COST_PROFILE } from './groups/cost-profile.ts'
import { DNS } from './groups/dns.ts'
import { ETCD } from './groups/etcd.ts'
import { FLOW_CONTROL } from './groups/flow-control.ts'
import { INGRESS } from './groups/ingress.ts'
import { INSTALLATION } from './groups/installation.ts'
import { IPVS } from './groups/ipvs.ts'
import { KUBE_PROXY } from './groups/kube-proxy.ts'
import { KUBELET } from './groups/kubelet.ts'
import { DELAYS } from './groups/latencies.ts'
import { NETWORK } from './groups/network.ts'
import { SCHEDULER } from './groups/scheduler.ts'
import { TCP } from './groups/tcp.ts'
import type { ParameterGroup } from './parameter.ts'

export type { Parameter, ParameterGroup } from './parameter.ts'

/**
 * Every number of the model that no field of a scenario changes, with its provenance, in the order of an object's way and then of a packet's. One
 * group more is a file and a line here.
 */
export const PARAMETER_GROUPS: readonly ParameterGroup[] = [
  API_OBJECTS,
  API_SERVER,
  FLOW_CONTROL,
  ETCD,
  API_CLIENT,
  CONTROLLERS,
  AUTOSCALING,
  SCHEDULER,
  KUBELET,
  DELAYS,
  INSTALLATION,
  KUBE_PROXY,
  COST_PROFILE,
  IPVS,
  CONNTRACK,
  TCP,
  NETWORK,
  DNS,
  INGRESS,
  CLIENTS,
]
