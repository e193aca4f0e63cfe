/** A preStop hook, as far as the model can follow it. */
export interface PreStopHook {
  readonly sleep?: { readonly seconds?: number }
  readonly exec?: { readonly command?: readonly string[] }
}

/** Seconds that the hook holds back SIGTERM: 0 without a hook, and for commands that are not a sleep. */
export function preStopSleep(hook: PreStopHook | undefined): number {
  if (hook?.sleep !== undefined) return hook.sleep.seconds ?? 0
  return sleepOf(hook?.exec?.command ?? []) ?? 0
}

/** Whether the hook runs a command of which the model cannot tell how long it takes. */
export function isUnknownCommand(hook: PreStopHook | undefined): boolean {
  return hook?.exec !== undefined && sleepOf(hook.exec.command ?? []) === null
}

/** `sleep N`, plain or given to a shell. A suffix s, m, h or d, as GNU and BusyBox take it, is understood. */
function sleepOf(command: readonly string[]): number | null {
  const words = shellText(command)?.trim().split(/\s+/) ?? command
  const program = words[0]?.slice(words[0].lastIndexOf('/') + 1)
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(words[1] ?? '')
  if (program !== 'sleep' || words.length !== 2 || match === null) return null
  return Number(match[1]) * SECONDS_OF[match[2] as keyof typeof SECONDS_OF]
}

const SECONDS_OF = { '': 1, s: 1, m: 60, h: 3600, d: 86400 } as const

/** The text of `sh -c TEXT`, or null when the command is no shell. A final `;` changes nothing. */
function shellText(command: readonly string[]): string | null {
  const [shell, flag, text] = command
  if (command.length !== 3 || flag !== '-c' || text === undefined || !/(^|\/)(ba|da|a|z)?sh$/.test(shell ?? '')) return null
  return text.replace(/;\s*$/, '')
}
