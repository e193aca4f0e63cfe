/** Why the text is not the address of a queue, or null when it is. */
export function whyNotQueue(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '')
    return 'Expected redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// with TLS.'
  return /^\/?\d*$/.test(url.pathname) ? null : 'Expected the number of a database after the host, such as redis://localhost:6379/1.'
}

/** Without its password, for messages. */
export function shownUrl(text: string): string {
  const url = new URL(text)
  if (url.password !== '') url.password = '***'
  return url.href
}
