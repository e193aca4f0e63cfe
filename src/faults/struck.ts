/** What of a node a fault struck, in words: `1 pod and 12 requests in flight`. */
export function struck({ pods, requestsInFlight }: { readonly pods: number; readonly requestsInFlight: number }): string {
  return `${pods} ${pods === 1 ? 'pod' : 'pods'} and ${requestsInFlight} ${requestsInFlight === 1 ? 'request' : 'requests'} in flight`
}
