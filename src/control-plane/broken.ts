/** What a request gives whose server died before it had an answer. */
export const BROKEN: unique symbol = Symbol('the server died')
