/**
 * Stands where there is no answer over HTTP: the connection was refused, or it broke while the answer was awaited. Not a code of
 * Kubernetes; it is above 500 so that whoever looks for "no answer" finds it with the others.
 */
export const NO_CONNECTION = 599

/** Why a read has no result: what client-go returns as an error. Thrown by reads whose caller asks again itself, caught where one attempt ends. */
export class ApiError extends Error {
  readonly code: number
  /** The connection broke while the answer was awaited (and not before the request was sent). */
  readonly broken: boolean

  constructor(code: number, message: string, broken = false) {
    super(message)
    this.code = code
    this.broken = broken
  }

  /** As kubectl tells it. */
  get reason(): string {
    return this.code === NO_CONNECTION ? this.message : `${this.code} ${this.message}`
  }
}

/** Source: kubectl pkg/cmd/util/helpers.go, of a dial that was refused. */
export const REFUSED = 'The connection to the server control-plane:6443 was refused - did you specify the right host or port?'
/** Source: kubectl pkg/cmd/util/helpers.go, of any other error of the transport. */
export const RESET = 'Unable to connect to the server: unexpected EOF'
/** Source: etcd api/v3/rpc/rpctypes/error.go. */
export const TIMED_OUT = 'etcdserver: request timed out'
