import type { HttpRequest } from '../workload/specs.ts'

/** Stands for the client's address in the value of a header or a cookie, so that each client says something else. */
export const CLIENT = '{client}'

/** NGINX' variable of a header: letters do not tell apart by case, nor `-` from `_`. */
export function variableOf(header: string): string {
  return header.toLowerCase().replaceAll('-', '_')
}

/** What the client says in the header of that variable. */
export function headerOf({ headers }: HttpRequest, variable: string, client: string): string | undefined {
  if (headers === undefined) return undefined
  return Object.entries(headers)
    .find(([key]) => variableOf(key) === variable)?.[1]
    .replaceAll(CLIENT, client)
}

export function cookieOf({ cookies }: HttpRequest, name: string, client: string): string | undefined {
  return cookies?.[name]?.replaceAll(CLIENT, client)
}

/** Whether clients of the same traffic say different things. */
export function isPersonal({ headers = {}, cookies = {} }: HttpRequest): boolean {
  return [...Object.values(headers), ...Object.values(cookies)].some((value) => value.includes(CLIENT))
}
