/** Something outside the program did not allow the work, such as a queue that cannot be reached: nobody's bug. The message is for the user. */
export class Refusal extends Error {}

/** What the system of this machine did not allow, such as a file on a full disk: nobody's bug. null for any other error. */
export function systemRefusal(error: unknown): string | null {
  if (error instanceof Refusal) return error.message
  if (!(error instanceof Error)) return null
  const { code, syscall, path } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return null
  return `The system refused to ${syscall}${path === undefined ? '' : ` "${path}"`} (${code}): results need a folder that can be written to; choose one with --out`
}
