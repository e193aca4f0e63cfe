/** What the process says to the shell. */
export const EXIT = {
  passed: 0,
  thresholdFailed: 99,
  /** The user's input, or the command line, is wrong. */
  wrongInput: 2,
  /** Our own bug. Source: `EX_SOFTWARE` of sysexits.h. */
  bug: 70,
  /** Ctrl-C. Source: 128 + SIGINT, as shells report it. */
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
