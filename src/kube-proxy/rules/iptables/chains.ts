/** The chains that kube-proxy always has. KUBE-FIREWALL is shared with the kubelet. Source: kubernetes v1.36.2 pkg/proxy/iptables. */
export const SERVICES = 'KUBE-SERVICES'
export const EXTERNAL_SERVICES = 'KUBE-EXTERNAL-SERVICES'
export const FORWARD = 'KUBE-FORWARD'
export const NODE_PORTS = 'KUBE-NODEPORTS'
export const PROXY_FIREWALL = 'KUBE-PROXY-FIREWALL'
export const FIREWALL = 'KUBE-FIREWALL'
export const POSTROUTING = 'KUBE-POSTROUTING'
export const MARK_MASQ = 'KUBE-MARK-MASQ'
