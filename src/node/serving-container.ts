import type { PodSpec } from '../api/objects/index.ts'

/** Index of the container that requests go to: the first with a port, or else the first. */
export function servingContainer({ containers }: PodSpec): number {
  return Math.max(
    0,
    containers.findIndex(({ ports }) => ports.length > 0),
  )
}
