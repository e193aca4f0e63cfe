import type { Replica } from '../../../src/control-plane/leader-election/replica.ts'
import type { Invariant } from '../invariant.ts'

/** While no kube-scheduler runs nobody asks as one, and while none leads nobody binds; the same for kube-controller-manager and its controllers. */
export const whoIsDownAsksNothing: Invariant = {
  name: 'who is down asks nothing',
  attach: (cluster, violated) => {
    const { server, controllerManagers, schedulers } = cluster.controlPlane
    const write = server.write.bind(server)
    const none = (replicas: readonly Replica[], is: 'up' | 'leads'): boolean => !replicas.some((replica) => replica[is])
    server.write = (request) => {
      const { user } = request.identity
      const asks = `${user} asked to ${request.verb} ${request.kind} ${request.name}`
      if (user === 'system:kube-scheduler' && none(schedulers, request.kind === 'Lease' ? 'up' : 'leads')) violated(asks)
      if (user === 'system:kube-controller-manager' && none(controllerManagers, 'up')) violated(asks)
      if (user.startsWith('system:serviceaccount:kube-system:') && none(controllerManagers, 'leads')) violated(asks)
      return write(request)
    }
    return () => {}
  },
}
